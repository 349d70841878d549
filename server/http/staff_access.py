"""Staff: whoever has signed in and comes from a page of this server, or sits at its machine."""

from typing import get_args

import structlog
from aiohttp import hdrs, web
from aiohttp.typedefs import Handler
from yarl import URL

from esapr.protocol.errors import ErrorCode, ProtocolError
from esapr.protocol.rooms import Scope
from esapr.protocol.staff import StaffRole
from esapr.server.config import ServerConfig
from esapr.server.http.keys import CONFIG, KEYS, PROVIDER, SIGNED_OUT, SIGNING
from esapr.server.http.tokens import CALLER, check_local, presents_token
from esapr.server.sessions.views import SCOPES
from esapr.server.trust.callers import Caller
from esapr.server.trust.key_file import KeyFileError
from esapr.server.trust.signed_out import SignedOutError
from esapr.server.trust.staff import StaffSession
from esapr.server.trust.tokens import unix_time

log = structlog.get_logger()

SIGNED_IN = web.RequestKey("signed_in", StaffSession)
"""The session of whoever makes a request, unless they sit at this machine."""

_COOKIE = "esapr-staff"
_PURPOSE = "staff session"
_LOCAL_ROLE: StaffRole = "clinician"
_SCOPES = {scope for role in get_args(StaffRole) for scope in SCOPES[role]}
_READING = (hdrs.METH_GET, hdrs.METH_HEAD)


def acts_as_staff(request: web.Request, scope: Scope) -> bool:
    """Return whether a request shows no token or key, for what staff need none for."""
    there = PROVIDER in request.app or _serves_nobody_else(request)
    return there and scope in _SCOPES and not presents_token(request)


def check_staff(request: web.Request, scope: Scope | None = None) -> Caller:
    """Return who of the staff makes a request, if their role allows ``scope``.

    Raises:
        ProtocolError: ``sign_in_required``, ``scope_missing`` or, where nobody signs in,
            ``token_invalid``.
    """
    found = _signed_in(request) if PROVIDER in request.app else _local(request)
    if scope and scope not in found.scopes:
        raise ProtocolError(ErrorCode.SCOPE_MISSING, f"a {found.role} may not do that: {scope}")
    request[CALLER] = found
    return found


def _signed_in(request: web.Request) -> Caller:
    config = request.app[CONFIG]
    session = _session(request)
    if session is None:
        raise ProtocolError(ErrorCode.SIGN_IN_REQUIRED, "nobody is signed in: /staff/sign-in")
    check_own_page(request, str(URL(str(config.staff_url)).origin()))
    request[SIGNED_IN] = session
    return Caller("staff", session.subject, session.role, frozenset(SCOPES[session.role]))


def _local(request: web.Request) -> Caller:
    if not _serves_nobody_else(request):
        raise ProtocolError(ErrorCode.TOKEN_INVALID, "staff sign in, but not on this server")
    check_local(request)
    check_own_page(request, f"{request.scheme}://{request.host}")
    return Caller("local", "", _LOCAL_ROLE, frozenset(SCOPES[_LOCAL_ROLE]))


def check_own_page(request: web.Request, origin: str) -> None:
    """Refuse what a page of another origin than ``origin`` lets a browser do with a cookie.

    Programs and browsers that do not say whose page it is may read.

    Raises:
        ProtocolError: ``scope_missing``.
    """
    reads = request.method in _READING
    site = request.headers.get("Sec-Fetch-Site")
    named = request.headers.get(hdrs.ORIGIN)
    own = named == origin or (named is None and (reads or site is not None))
    if not own or not (site in (None, "same-origin") or (site == "none" and reads)):
        raise ProtocolError(ErrorCode.SCOPE_MISSING, "only for this server's own pages")


def _session(request: web.Request) -> StaffSession | None:
    config = request.app[CONFIG]
    cookie = request.cookies.get(cookie_name(config, _COOKIE), "")
    session = request.app[SIGNING].unseal(cookie, _PURPOSE, StaffSession)
    if session is None or not session.is_open(unix_time(), config.staff_idle_minutes * 60):
        return None
    try:
        return None if request.app[SIGNED_OUT].holds(session) else session
    except SignedOutError as error:
        log.warning("staff_unreadable", error=str(error))
        return None


def _serves_nobody_else(request: web.Request) -> bool:
    """Return whether this is the demo: reached from this machine only, and opened by no key."""
    if PROVIDER in request.app or not request.app[CONFIG].loopback:
        return False
    try:
        return not request.app[KEYS].read()
    except KeyFileError:
        return False


def keep_session(app: web.Application, response: web.StreamResponse, kept: StaffSession) -> None:
    """Let the browser keep a session until it is closed."""
    set_cookie(app, response, _COOKIE, app[SIGNING].seal(kept, _PURPOSE))


def drop_session(app: web.Application, response: web.StreamResponse) -> None:
    """Let the browser forget its session."""
    set_cookie(app, response, _COOKIE, "", max_age=0)


def set_cookie(
    app: web.Application,
    response: web.StreamResponse,
    name: str,
    value: str,
    max_age: int | None = None,
) -> None:
    """Set a cookie that no script reads and that no other site's request carries."""
    config = app[CONFIG]
    response.set_cookie(
        cookie_name(config, name),
        value,
        max_age=max_age,
        path="/",
        secure=_secure(config),
        httponly=True,
        samesite="Lax",
    )


def cookie_name(config: ServerConfig, name: str) -> str:
    """Return the name that binds a cookie to this host, where browsers take such names."""
    return f"__Host-{name}" if _secure(config) else name


def _secure(config: ServerConfig) -> bool:
    # Plain HTTP is taken for this machine only.
    return str(config.staff_url).startswith("https:")


@web.middleware
async def renewing(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Note in the cookie of whoever is answered that they were heard."""
    response = await handler(request)
    session = request.get(SIGNED_IN)
    if session and not response.prepared and (renewed := session.renewed(unix_time())):
        keep_session(request.app, response, renewed)
    return response
