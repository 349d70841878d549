"""What only the operator may ask for."""

from http import HTTPStatus

from aiohttp import web

from esapr.protocol import routes as calls
from esapr.protocol.answers import Health
from esapr.server.http.errors import json_response
from esapr.server.http.keys import STOP
from esapr.server.http.routing import bind
from esapr.server.http.sessions import refuse_foreign_origin


def routes() -> list[web.RouteDef]:
    """Return the routes, for servers that only this machine can reach."""
    return [bind(calls.DRAIN, post_drain)]


async def post_drain(request: web.Request) -> web.Response:
    """Begin to stop, as on SIGTERM.

    Raises:
        ProtocolError: ``token_invalid`` for a page of another site.
    """
    refuse_foreign_origin(request)
    request.app[STOP].set()
    return json_response(Health("draining"), HTTPStatus.ACCEPTED)
