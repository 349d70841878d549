"""WHIP (RFC 9725): an SDP offer in, an answer out; then trickle ICE, ICE restarts and the end."""

from collections import Counter
from datetime import UTC, datetime
from http import HTTPStatus

from aiohttp import ETag, hdrs, web

from esapr.protocol import limits
from esapr.protocol import routes as calls
from esapr.protocol.errors import ErrorCode, ProtocolError
from esapr.server.http.ice_servers import ice_servers, links
from esapr.server.http.keys import CONFIG, METRICS
from esapr.server.http.routing import bind
from esapr.server.http.sessions import read_body
from esapr.server.http.tokens import authorised_session, caller
from esapr.server.media.fragment import MEDIA_TYPE as FRAGMENT
from esapr.server.media.fragment import parse_fragment
from esapr.server.media.ice import IceAgent
from esapr.server.media.reach import Reach
from esapr.server.media.webrtc import WebRtcPeer

SDP = "application/sdp"
ANY = "*"


def routes() -> list[web.RouteDef]:
    """Return the routes."""
    return [
        bind(calls.PUSH_MEDIA, post_offer),
        bind(calls.DESCRIBE_WHIP, describe_endpoint),
        bind(calls.PATCH_MEDIA, patch_peer),
        bind(calls.STOP_MEDIA, delete_peer),
        bind(calls.DESCRIBE_MEDIA, describe_peer),
    ]


async def describe_endpoint(_: web.Request) -> web.Response:
    """Say what the endpoint takes; asks for no token, as a CORS preflight has none."""
    return web.Response(headers={hdrs.ALLOW: "OPTIONS, POST", "Accept-Post": SDP})


async def describe_peer(_: web.Request) -> web.Response:
    """Say what the WHIP session takes."""
    return web.Response(headers={hdrs.ALLOW: "DELETE, OPTIONS, PATCH", "Accept-Patch": FRAGMENT})


async def post_offer(request: web.Request) -> web.Response:
    """Answer an offer and take the peer's media; an earlier peer of the session is replaced."""
    session = await authorised_session(request, "media")
    offer = await _read_sdp(request, SDP)
    config = request.app[CONFIG]
    peer = WebRtcPeer(
        session, fps=config.analysed_fps, loopback=config.loopback, reach=_reach(request)
    )
    answer = await peer.answer(offer)
    _count(request, peer.left_out)
    try:
        session.attach(peer, caller(request).id)
    except ProtocolError:
        await peer.close()
        raise
    response = web.Response(
        text=answer,
        status=HTTPStatus.CREATED,
        content_type=SDP,
        headers={
            hdrs.LOCATION: f"/v1/sessions/{session.id}/whip/{peer.id}",
            hdrs.ETAG: f'"{peer.ice.etag}"',
        },
    )
    for link in links(ice_servers(config, session.id, datetime.now(UTC))):
        response.headers.add(hdrs.LINK, link)
    return response


async def patch_peer(request: web.Request) -> web.Response:
    """Take late candidates (204), or restart ICE (200 with the answer and a new ``ETag``)."""
    session = await authorised_session(request, "media")
    ice = session.peering.peer(request.match_info["peer"]).ice
    fragment = parse_fragment(await _read_sdp(request, FRAGMENT), _reach(request))
    _count(request, fragment.left_out)
    restarts = ice.begins_restart(fragment)
    _check_precondition(request.if_match, ice, restarts=restarts)
    if not restarts:
        await ice.add(fragment)
        return web.Response(status=HTTPStatus.NO_CONTENT)
    answer, etag = await ice.restart(fragment)
    return web.Response(text=answer, content_type=FRAGMENT, headers={hdrs.ETAG: f'"{etag}"'})


async def delete_peer(request: web.Request) -> web.Response:
    """Stop taking media from a peer; one that was replaced is gone already."""
    session = await authorised_session(request, "media")
    session.peering.detach(request.match_info["peer"])
    return web.Response()


def _check_precondition(tags: tuple[ETag, ...] | None, ice: IceAgent, *, restarts: bool) -> None:
    """Compare ``If-Match`` with the ICE session: late fragments must not reach a newer one.

    Raises:
        ProtocolError: ``etag_required`` or ``etag_mismatch``.
    """
    if tags is None:
        raise ProtocolError(ErrorCode.ETAG_REQUIRED, "If-Match must name the ICE session")
    values = {tag.value for tag in tags if not tag.is_weak}
    if ANY in values:
        return
    if restarts:
        raise ProtocolError(
            ErrorCode.ETAG_MISMATCH, "other ICE credentials restart ICE: that takes If-Match: *"
        )
    if ice.etag not in values:
        raise ProtocolError(ErrorCode.ETAG_MISMATCH, "that is not, or no longer, the ICE session")


def _reach(request: web.Request) -> Reach:
    config = request.app[CONFIG]
    return Reach(config.ice_private_networks, anywhere=config.loopback)


def _count(request: web.Request, left_out: Counter[str]) -> None:
    for reason, count in left_out.items():
        request.app[METRICS].dropped("ice", reason, count)


async def _read_sdp(request: web.Request, media_type: str) -> str:
    if request.content_type != media_type:
        raise ProtocolError(ErrorCode.MEDIA_UNSUPPORTED, f"the body must be {media_type}")
    try:
        return (await read_body(request, limits.MAX_SDP_BYTES)).decode()
    except UnicodeDecodeError as error:
        raise ProtocolError(ErrorCode.SDP_INVALID, "the body is not UTF-8") from error
