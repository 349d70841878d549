"""WHIP (RFC 9725): an SDP offer in, an answer out."""

from http import HTTPStatus

from aiohttp import web

from esapr.protocol import limits
from esapr.protocol import routes as calls
from esapr.protocol.errors import ErrorCode, ProtocolError
from esapr.server.http.keys import CONFIG
from esapr.server.http.routing import bind
from esapr.server.http.sessions import read_body
from esapr.server.http.tokens import authorised_session
from esapr.server.media.webrtc import WebRtcPeer

SDP = "application/sdp"


def routes() -> list[web.RouteDef]:
    """Return the routes."""
    return [
        bind(calls.PUSH_MEDIA, post_offer),
        bind(calls.STOP_MEDIA, delete_peer),
    ]


async def post_offer(request: web.Request) -> web.Response:
    """Answer an offer and take the peer's media; an earlier peer of the session is replaced."""
    session = authorised_session(request)
    if request.content_type != SDP:
        raise ProtocolError(ErrorCode.MEDIA_UNSUPPORTED, f"the offer must be {SDP}")
    body = await read_body(request, limits.MAX_SDP_BYTES)
    try:
        offer = body.decode()
    except UnicodeDecodeError as error:
        raise ProtocolError(ErrorCode.SDP_INVALID, "the offer is not UTF-8") from error
    config = request.app[CONFIG]
    peer = WebRtcPeer(session, fps=config.analysed_fps, loopback=config.loopback)
    answer = await peer.answer(offer)
    try:
        session.attach(peer)
    except ProtocolError:
        await peer.close()
        raise
    location = f"/v1/sessions/{session.id}/whip/{peer.id}"
    return web.Response(
        text=answer,
        status=HTTPStatus.CREATED,
        content_type=SDP,
        headers={"Location": location},
    )


async def delete_peer(request: web.Request) -> web.Response:
    """Stop taking media from a peer; one that was replaced is gone already."""
    authorised_session(request).detach(request.match_info["peer"])
    return web.Response()
