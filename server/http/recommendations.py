"""What may do good after a session."""

from aiohttp import web

from esapr.protocol import recommendations as calls
from esapr.protocol.errors import ErrorCode, ProtocolError
from esapr.server.http.errors import json_response
from esapr.server.http.keys import CATALOGUE, SESSIONS
from esapr.server.http.records import authorised_person
from esapr.server.http.routing import bind
from esapr.server.support.catalogue import Catalogue
from esapr.server.support.recommendations import recommendations


def routes() -> list[web.RouteDef]:
    """Return the route, for servers with a catalogue."""
    return [bind(calls.GET_RECOMMENDATIONS, get_recommendations)]


def serving(app: web.Application, catalogue: Catalogue | None) -> list[web.RouteDef]:
    """Recommend from ``catalogue``, if there is one, and return the routes."""
    if catalogue is None:
        return []
    app[CATALOGUE] = catalogue
    return routes()


async def get_recommendations(request: web.Request) -> web.Response:
    """Answer with what may do good, or why nothing is named.

    Raises:
        ProtocolError: ``token_invalid``, ``scope_missing``, or ``not_found``, also for a session
            whose consent was revoked or that has ended too long ago.
    """
    session = await authorised_person(request, "report")
    care = request.app[SESSIONS].aftercare.get(session)
    if care is None:
        raise ProtocolError(ErrorCode.NOT_FOUND, "nothing is left of such a session")
    return json_response(recommendations(session, care, request.app[CATALOGUE]))
