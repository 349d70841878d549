"""Requests for what another gateway has, a session or an analysis: handed on as they are."""

import asyncio
from http import HTTPStatus

import aiohttp
from aiohttp import WSMsgType, hdrs, web
from aiohttp.typedefs import Handler, Middleware
from multidict import CIMultiDict
from yarl import URL

from esapr.protocol import MSGPACK_SUBPROTOCOL, limits
from esapr.protocol.analysis_calls import EVENT_STREAM, GET_ANALYSIS_EVENTS
from esapr.protocol.codec import Format
from esapr.protocol.errors import CloseCode, ErrorCode, ProtocolError
from esapr.protocol.staff import ENTER_ROOM
from esapr.server.bus.directory import LEASE_SECONDS
from esapr.server.http.event_stream import cut, sent
from esapr.server.http.keys import CONFIG, ROOMS
from esapr.server.http.sessions import read_body
from esapr.server.sessions.audience import parting_error
from esapr.server.sessions.outbox import Broadcast
from esapr.server.sessions.ownership import RENEW_SECONDS, Neighbour, Ownership

FORWARDED = "Esapr-Forwarded"
"""Header of a request that was handed on once, and is not again: the id of the gateway meant."""

ANSWER_SECONDS = 6.0
"""As long as a WHIP answer may gather candidates; a frozen gateway is not waited for any longer."""
GONE_SECONDS = LEASE_SECONDS + RENEW_SECONDS
"""As long as a request waits for the sessions of a gateway at whose address nobody listens."""
LOOK_AGAIN_SECONDS = 0.2
HEARTBEAT_SECONDS = 4.0
"""A gateway that does not answer a ping within half of this is taken for dead."""

# RFC 9110, section 7.6.1, and what aiohttp sets itself.
_HOP_BY_HOP = frozenset(
    {
        "connection",
        "content-length",
        "keep-alive",
        "te",
        "trailer",
        "transfer-encoding",
        "upgrade",
    }
)
_HANDSHAKE = frozenset(
    {
        "sec-websocket-extensions",
        "sec-websocket-key",
        "sec-websocket-protocol",
        "sec-websocket-version",
    }
)


class SuccessorError(aiohttp.ClientConnectionError):
    """Another gateway has begun at the address of the one that is meant, which is gone."""


async def refuse_successor(answer: aiohttp.ClientResponse) -> None:
    """Check that an answer is of the gateway that is meant.

    Raises:
        SuccessorError: it is not.
    """
    if answer.status == HTTPStatus.MISDIRECTED_REQUEST:
        raise SuccessorError


def serving_all(ownership: Ownership, http: aiohttp.ClientSession) -> Middleware:
    """Return a middleware that serves requests for the sessions of every gateway.

    A request without a body waits for a gateway that is gone to lose what it had, and is then
    served here: clients that come back at once need not find out when that is.
    """

    @web.middleware
    async def middleware(request: web.Request, handler: Handler) -> web.StreamResponse:
        if request.headers.get(FORWARDED, ownership.gateway) != ownership.gateway:
            # RFC 9110, section 15.5.20. What the session of that gateway was is not known here.
            return web.Response(status=HTTPStatus.MISDIRECTED_REQUEST)
        loop = asyncio.get_running_loop()
        give_up = loop.time() + (0.0 if request.can_read_body else GONE_SECONDS)
        while there := await _owner(request, ownership):
            try:
                return await _forward(request, http, there)
            except (aiohttp.ClientConnectionError, TimeoutError) as error:
                gone = isinstance(error, aiohttp.ClientConnectorError | SuccessorError)
                if not gone or loop.time() >= give_up:
                    raise ProtocolError(
                        ErrorCode.MOVED, f"the gateway does not answer: {type(error).__name__}"
                    ) from error
            await asyncio.sleep(LOOK_AGAIN_SECONDS)
        return await handler(request)

    return middleware


async def _owner(request: web.Request, ownership: Ownership) -> Neighbour | None:
    """Return the gateway that serves a request; None if this one does."""
    # Any gateway says what a path takes.
    if FORWARDED in request.headers or request.method == hdrs.METH_OPTIONS:
        return None
    if session := request.match_info.get("session") or _somebody(request, ownership):
        return None if ownership.has(session) else await ownership.locate(session)
    if analysis := request.match_info.get("analysis"):
        return await ownership.locate_analysis(analysis)
    return None


def _somebody(request: web.Request, ownership: Ownership) -> str | None:
    """Return a session of the room that a token is made for: one of this gateway, if there is."""
    resource = request.match_info.route.resource
    if resource is None or resource.canonical != ENTER_ROOM.path:
        return None
    there = request.app[ROOMS].find(request.match_info["room"])
    members = there.members if there else ()
    return min(members, key=lambda each: not ownership.has(each), default=None)


async def _forward(
    request: web.Request, http: aiohttp.ClientSession, there: Neighbour
) -> web.StreamResponse:
    url = URL(there.url).join(request.rel_url)
    if request.headers.get("Upgrade", "").lower() == "websocket":
        try:
            return await _forward_socket(request, http, url, there.gateway)
        except aiohttp.WSServerHandshakeError:
            # Asked without the upgrade, the gateway says why.
            pass
    resource = request.match_info.route.resource
    if resource and resource.canonical == GET_ANALYSIS_EVENTS.path:
        return await _forward_events(request, http, url, there.gateway)
    headers = _handed_on(request, there.gateway, _HOP_BY_HOP)
    body = await read_body(request)
    async with http.request(
        request.method, url, headers=headers, data=body, allow_redirects=False
    ) as answer:
        return await _whole(answer)


async def _whole(answer: aiohttp.ClientResponse) -> web.Response:
    return web.Response(body=await answer.read(), status=answer.status, headers=_kept(answer))


async def _forward_events(
    request: web.Request, http: aiohttp.ClientSession, url: URL, gateway: str
) -> web.StreamResponse:
    # Twice in that time something is said, also when nothing was found.
    silence = request.app[CONFIG].silence_timeout
    timeout = aiohttp.ClientTimeout(sock_connect=ANSWER_SECONDS, sock_read=silence)
    headers = _handed_on(request, gateway, _HOP_BY_HOP)
    async with http.get(url, headers=headers, timeout=timeout) as answer:
        if answer.content_type != EVENT_STREAM:
            return await _whole(answer)
        response = web.StreamResponse(status=answer.status, headers=_kept(answer))
        await response.prepare(request)
        try:
            async for part in answer.content.iter_any():
                if not await sent(request, response, part):
                    break
        except (aiohttp.ClientError, TimeoutError):
            cut(request)
        return response


def _kept(answer: aiohttp.ClientResponse) -> CIMultiDict[str]:
    return CIMultiDict(
        (name, value) for name, value in answer.headers.items() if name.lower() not in _ANSWERED
    )


_ANSWERED = _HOP_BY_HOP | {"date", "server"}


def _handed_on(request: web.Request, gateway: str, without: frozenset[str]) -> CIMultiDict[str]:
    headers = CIMultiDict(
        (name, value) for name, value in request.headers.items() if name.lower() not in without
    )
    headers[FORWARDED] = gateway
    return headers


async def _forward_socket(
    request: web.Request, http: aiohttp.ClientSession, url: URL, gateway: str
) -> web.StreamResponse:
    offered = [p.strip() for p in request.headers.get("Sec-WebSocket-Protocol", "").split(",")]
    async with http.ws_connect(
        url,
        headers=_handed_on(request, gateway, _HOP_BY_HOP | _HANDSHAKE),
        protocols=offered,
        heartbeat=HEARTBEAT_SECONDS,
        max_msg_size=0,
    ) as there:
        here = web.WebSocketResponse(
            protocols=[there.protocol] if there.protocol else (),
            max_msg_size=limits.MAX_MESSAGE_BYTES,
            heartbeat=HEARTBEAT_SECONDS,
            compress=False,
        )
        await here.prepare(request)
        async with asyncio.TaskGroup() as group:
            up = group.create_task(_pump(here, there))
            down = group.create_task(_pump(there, here))
            await asyncio.wait([up, down], return_when=asyncio.FIRST_COMPLETED)
            up.cancel()
            down.cancel()
        await _close(here, there)
        return here


Socket = web.WebSocketResponse | aiohttp.ClientWebSocketResponse


async def _pump(source: Socket, sink: Socket) -> None:
    try:
        async for frame in source:
            if frame.type is WSMsgType.TEXT:
                await sink.send_str(frame.data)
            elif frame.type is WSMsgType.BINARY:
                await sink.send_bytes(frame.data)
    except (ConnectionResetError, aiohttp.ClientConnectionError):
        return


async def _close(here: web.WebSocketResponse, there: aiohttp.ClientWebSocketResponse) -> None:
    """Close both sides as the one has been closed; a gateway that vanished says nothing."""
    code = there.close_code
    if not here.closed and code in (None, aiohttp.WSCloseCode.ABNORMAL_CLOSURE):
        form = Format.MSGPACK if here.ws_protocol == MSGPACK_SUBPROTOCOL else Format.JSON
        error = Broadcast(parting_error(ErrorCode.MOVED)).encoded(form)
        try:
            await here.send_frame(
                error, WSMsgType.TEXT if form is Format.JSON else WSMsgType.BINARY
            )
        except ConnectionResetError:
            return
        code = CloseCode.RESTART
    await here.close(code=code or CloseCode.DONE)
    await there.close()
