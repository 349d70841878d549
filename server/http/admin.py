"""What only the operator may ask for."""

from http import HTTPStatus

from aiohttp import web

from esapr.protocol import routes as calls
from esapr.protocol.answers import Health
from esapr.server.http.errors import json_response
from esapr.server.http.keys import CONFIG, STOP
from esapr.server.http.routing import bind
from esapr.server.http.tokens import authorised_key, check_local


def routes() -> list[web.RouteDef]:
    """Return the routes."""
    return [bind(calls.DRAIN, post_drain)]


async def post_drain(request: web.Request) -> web.Response:
    """Begin to stop, as on SIGTERM.

    Raises:
        ProtocolError: ``token_invalid`` or ``scope_missing`` without a key of the scope ``admin``;
            on a loopback address ``token_invalid`` for a page of another site.
    """
    if request.app[CONFIG].loopback:
        check_local(request)
    else:
        authorised_key(request, "admin")
    request.app[STOP].set()
    return json_response(Health("draining"), HTTPStatus.ACCEPTED)
