"""Handlers bound to the calls that the protocol describes."""

from http import HTTPStatus

from aiohttp import web
from aiohttp.typedefs import Handler

from esapr.protocol.calls import Route


def bind(route: Route, handler: Handler) -> web.RouteDef:
    """Return the route that answers ``route`` with ``handler``."""
    if route.method != "GET":
        return web.route(route.method, route.path, handler)
    # The head of a handshake would begin a feed.
    opens_socket = HTTPStatus.SWITCHING_PROTOCOLS in route.answers
    return web.get(route.path, handler, allow_head=not opens_socket)
