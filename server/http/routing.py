"""Handlers bound to the calls that the protocol describes."""

from http import HTTPStatus

from aiohttp import web
from aiohttp.typedefs import Handler

from esapr.protocol.analysis_calls import EVENT_STREAM
from esapr.protocol.calls import Route


def bind(route: Route, handler: Handler) -> web.RouteDef:
    """Return the route that answers ``route`` with ``handler``."""
    if route.method != "GET":
        return web.route(route.method, route.path, handler)
    # The head of a handshake, or of a stream of events, would begin one.
    opens_socket = HTTPStatus.SWITCHING_PROTOCOLS in route.answers
    streams = any(a.body and a.body.media_type == EVENT_STREAM for a in route.answers.values())
    return web.get(route.path, handler, allow_head=not opens_socket and not streams)
