"""Headers of every answer: what a browser may do with it."""

from collections.abc import Awaitable, Callable

from aiohttp import hdrs, web

from esapr.server.http.proxies import Proxies

ASSETS = "/assets/"
"""Path of the page's files, whose names change with what is in them."""

DATA_POLICY = "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
"""Content security policy of answers that are no page: opened as one, they may do nothing."""

_HEADERS = {
    "Content-Security-Policy": DATA_POLICY,
    "Cross-Origin-Opener-Policy": "same-origin",
    # CORS decides who may read an answer; this keeps it out of other sites' pages without CORS.
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
}
_FOREVER = "public, max-age=31536000, immutable"
_HTTPS_ONLY = "max-age=31536000"


def guarding(
    proxies: Proxies,
) -> Callable[[web.Request, web.StreamResponse], Awaitable[None]]:
    """Return a response signal that sets what a handler has not set itself.

    HTTPS is demanded for a year (RFC 6797) where a trusted proxy says that it is spoken. The
    ``Server`` header goes: it would name versions.
    """

    async def guard(request: web.Request, response: web.StreamResponse) -> None:
        for name, value in _HEADERS.items():
            response.headers.setdefault(name, value)
        asset = request.path.startswith(ASSETS)
        response.headers.setdefault(hdrs.CACHE_CONTROL, _FOREVER if asset else "no-store")
        if proxies.secure(request.remote, request.headers):
            response.headers["Strict-Transport-Security"] = _HTTPS_ONLY
        response.headers.pop(hdrs.SERVER, None)

    return guard
