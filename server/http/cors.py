"""Cross-origin resource sharing: which other sites' pages may read what the server answers."""

from collections.abc import Awaitable, Callable, Collection

from aiohttp import hdrs, web

_EXPOSED = "Date, ETag, Link, Location"
_SENT = "Authorization, Content-Type, If-Match, Last-Event-ID"
_PREFLIGHT_SECONDS = "600"


def sharing_with(
    origins: Collection[str],
) -> Callable[[web.Request, web.StreamResponse], Awaitable[None]]:
    """Return a response signal that lets the pages of ``origins`` read every answer (FETCH, 3.3).

    Tokens travel in ``Authorization``; cookies are for the server's own pages: credentials mode is
    not allowed.
    """

    async def share(request: web.Request, response: web.StreamResponse) -> None:
        origin = request.headers.get(hdrs.ORIGIN)
        if not origins:
            return
        response.headers.add(hdrs.VARY, hdrs.ORIGIN)
        if origin is None or origin not in origins:
            return
        response.headers[hdrs.ACCESS_CONTROL_ALLOW_ORIGIN] = origin
        response.headers[hdrs.ACCESS_CONTROL_EXPOSE_HEADERS] = _EXPOSED
        if request.method == hdrs.METH_OPTIONS and hdrs.ALLOW in response.headers:
            allowed = response.headers[hdrs.ALLOW]
            response.headers[hdrs.ACCESS_CONTROL_ALLOW_METHODS] = allowed
            response.headers[hdrs.ACCESS_CONTROL_ALLOW_HEADERS] = _SENT
            response.headers[hdrs.ACCESS_CONTROL_MAX_AGE] = _PREFLIGHT_SECONDS

    return share
