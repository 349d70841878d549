"""Handlers bound to the calls that the protocol describes."""

from collections.abc import Collection, Sequence
from http import HTTPStatus

from aiohttp import hdrs, web
from aiohttp.typedefs import Handler

from esapr.protocol.analysis_calls import EVENT_STREAM
from esapr.protocol.calls import Route
from esapr.protocol.routes import ROUTES


def bind(route: Route, handler: Handler) -> web.RouteDef:
    """Return the route that answers ``route`` with ``handler``."""
    if route.method != "GET":
        return web.route(route.method, route.path, handler)
    # The head of a handshake, or of a stream of events, would begin one.
    opens_socket = HTTPStatus.SWITCHING_PROTOCOLS in route.answers
    streams = any(a.body and a.body.media_type == EVENT_STREAM for a in route.answers.values())
    return web.get(route.path, handler, allow_head=not opens_socket and not streams)


def preflights(routes: Sequence[web.AbstractRouteDef]) -> list[web.RouteDef]:
    """Return what tells browsers which calls with a token, of ``routes``, other sites may make.

    Calls with a server key alone are not among them: no page should have one.
    """
    with_token = {route.path for route in ROUTES if route.token}
    methods: dict[str, set[str]] = {}
    for route in routes:
        if isinstance(route, web.RouteDef) and route.path in with_token:
            methods.setdefault(route.path, set()).add(route.method)
    return [
        web.options(path, _saying({*allowed, hdrs.METH_OPTIONS}))
        for path, allowed in methods.items()
        if hdrs.METH_OPTIONS not in allowed
    ]


def _saying(methods: Collection[str]) -> Handler:
    allowed = ", ".join(sorted(methods))

    async def describe(_: web.Request) -> web.Response:
        return web.Response(status=HTTPStatus.NO_CONTENT, headers={hdrs.ALLOW: allowed})

    return describe
