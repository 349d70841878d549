"""Signing in: the browser goes to the provider, and comes back with who somebody is."""

import re
from http import HTTPStatus

import structlog
from aiohttp import hdrs, web

from esapr.protocol import staff as calls
from esapr.protocol.staff import SignInProblem
from esapr.server.http.keys import AUDIT, CONFIG, PROVIDER, SIGNING
from esapr.server.http.routing import bind
from esapr.server.http.staff_access import cookie_name, keep_session, set_cookie
from esapr.server.trust.openid import ATTEMPT_SECONDS, PAGE, Attempt, SignInError, attempt
from esapr.server.trust.staff import StaffSession, role_of, signed_in
from esapr.server.trust.tokens import unix_time

log = structlog.get_logger()

_COOKIE = "esapr-signing-in"
_PURPOSE = "sign-in"
_PAGES = re.compile(r"/(staff|report/[0-9a-f]{32}|room/[\w.-]{1,200})", re.ASCII)
_MAX_NAME = 200


def routes() -> list[web.RouteDef]:
    """Return the routes, for servers whose staff sign in at a provider."""
    return [bind(calls.SIGN_IN, get_sign_in), bind(calls.SIGN_IN_CALLBACK, get_callback)]


async def get_sign_in(request: web.Request) -> web.Response:
    """Send the browser to the provider; it comes back for ten minutes."""
    app, page = request.app, request.query.get("page", PAGE)
    asked = attempt(page if _PAGES.fullmatch(page) else PAGE, unix_time())
    try:
        response = _go(await app[PROVIDER].authorization(asked))
    except SignInError as error:
        log.warning("sign_in_failed", reason=error.problem, error=str(error))
        return _go(_explained(error.problem))
    set_cookie(app, response, _COOKIE, app[SIGNING].seal(asked, _PURPOSE), max_age=ATTEMPT_SECONDS)
    return response


async def get_callback(request: web.Request) -> web.Response:
    """Sign in whom the provider names, if their role is known; say on the page why not."""
    app = request.app
    try:
        asked = _asked(request)
        session = await _finish(request, asked)
    except SignInError as error:
        log.warning("sign_in_failed", reason=error.problem, error=str(error))
        # Anybody can send an answer that nobody has asked for.
        if error.problem != "stale":
            await app[AUDIT].write("staff.refused", actor="staff", reason=error.problem)
        response = _go(_explained(error.problem))
    else:
        actor = f"staff:{session.subject}"
        await app[AUDIT].write("staff.signed_in", actor=actor, role=session.role)
        response = _go(asked.page)
        keep_session(app, response, session)
    set_cookie(app, response, _COOKIE, "", max_age=0)
    return response


async def _finish(request: web.Request, asked: Attempt) -> StaffSession:
    config, provider, now = request.app[CONFIG], request.app[PROVIDER], unix_time()
    code = provider.party.code(request.query, asked, now)
    claims = await provider.redeem(code, asked, now)
    role = role_of(claims, config.oidc_role_claim, config.staff_roles)
    if role is None:
        raise SignInError("unknown_role", "no role of theirs is a role here")
    subject = str(claims["sub"])
    name = str(claims.get("name") or claims.get("preferred_username") or subject)[:_MAX_NAME]
    return signed_in(subject, name, role, now, config.staff_hours * 3600)


def _asked(request: web.Request) -> Attempt:
    cookie = request.cookies.get(cookie_name(request.app[CONFIG], _COOKIE), "")
    asked = request.app[SIGNING].unseal(cookie, _PURPOSE, Attempt)
    if asked is None:
        raise SignInError("stale", "this browser has asked for nothing")
    return asked


def _go(address: str) -> web.Response:
    return web.Response(status=HTTPStatus.SEE_OTHER, headers={hdrs.LOCATION: address})


def _explained(problem: SignInProblem) -> str:
    return f"{PAGE}?problem={problem}"
