"""A WebRTC peer that plays a pre-encoded clip; as nothing is encoded, one core plays many."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from fractions import Fraction
from typing import Any, Self

import av
from aioice import Connection
from aiortc import (
    MediaStreamTrack,
    RTCConfiguration,
    RTCIceServer,
    RTCIceTransport,
    RTCPeerConnection,
    RTCRtpSender,
    RTCSessionDescription,
)
from aiortc.mediastreams import MediaStreamError
from aiortc.rtcconfiguration import RTCBundlePolicy, RTCIceTransportPolicy

from esapr.load_tests.media import EncodedClip, EncodedTrack
from esapr.load_tests.restart import RestartError, restart
from esapr.protocol.codec import Format, encode
from esapr.protocol.messages import ClientMessage
from esapr.protocol.requests import IceServer

Exchange = Callable[[str], Awaitable[str]]
"""Carries an SDP offer to the other side and brings its answer back."""

CHANNEL = "esapr"
LOOPBACK = ["127.0.0.1"]
CONNECT_SECONDS = 10.0


class PeerError(Exception):
    """The peer connection could not be set up, or failed."""


class PlayClock:
    """When a clip began to play: at the first packet of whichever track comes first."""

    def __init__(self) -> None:
        self._start: float | None = None

    def started(self, now: float) -> float:
        """Return the start in seconds of the loop's clock; ``now`` on the first call."""
        if self._start is None:
            self._start = now
        return self._start


class ClipTrack(MediaStreamTrack):
    """Hands out the packets of one track, over and over, each when it is due."""

    def __init__(self, track: EncodedTrack, clock: PlayClock) -> None:
        """Play ``track``; tracks of one clip share a ``clock``."""
        super().__init__()
        self.kind = track.kind
        self._track = track
        self._clock = clock
        self._index = 0

    async def recv(self) -> "av.Packet[Any]":
        """Return the next packet at its time; at once when it is late.

        Raises:
            MediaStreamError: the track was stopped.
        """
        if self.readyState != "live":
            raise MediaStreamError
        data, ticks = self._next()
        while not data:
            data, ticks = self._next()
        loop = asyncio.get_running_loop()
        due = self._clock.started(loop.time()) + ticks / self._track.rate
        await asyncio.sleep(max(0.0, due - loop.time()))
        packet = av.Packet(data)
        packet.pts, packet.time_base = ticks, Fraction(1, self._track.rate)
        return packet

    def _next(self) -> tuple[bytes, int]:
        self._index += 1
        return self._track.packet(self._index - 1)


class Peer:
    """A sending peer connection with a data channel, closed on leaving ``async with``."""

    def __init__(
        self, clip: EncodedClip, *, loopback: bool, relays: Sequence[IceServer] = ()
    ) -> None:
        """Prepare to play ``clip``; ``loopback`` keeps all media on 127.0.0.1.

        With ``relays``, TURN servers, media takes no other way.
        """
        self._connection = RTCPeerConnection(_configuration(relays))
        self._loopback = loopback and not relays
        clock = PlayClock()
        for track in clip.tracks:
            codec = f"video/{clip.codec}" if track.kind == "video" else "audio/opus"
            self._add(ClipTrack(track, clock), codec)
        self._channel = self._connection.createDataChannel(CHANNEL)
        self._channel_open = asyncio.Event()
        self._channel.on("open", self._channel_open.set)

    async def __aenter__(self) -> Self:
        """Return the peer; :meth:`connect` does the rest."""
        return self

    async def __aexit__(self, *_: object) -> None:
        """Close the connection."""
        await self.close()

    async def close(self) -> None:
        """Stop sending and say goodbye; may be called more than once."""
        # A second close awaits the first one's future: a cancelled caller must not cancel that.
        await asyncio.shield(self._connection.close())

    async def offer(self) -> str:
        """Gather candidates and return the SDP offer."""
        offer = await self._connection.createOffer()
        if self._loopback:
            gather_on_loopback(self._transport)
        await self._connection.setLocalDescription(offer)
        return self._connection.localDescription.sdp

    async def connect(self, exchange: Exchange) -> None:
        """Offer, wait for the answer, and return once media flows.

        Raises:
            PeerError: the answer cannot be used, or no connection within 10 s.
        """
        changed = asyncio.Event()
        self._connection.on("connectionstatechange", changed.set)
        answer = await exchange(await self.offer())
        try:
            await self._connection.setRemoteDescription(RTCSessionDescription(answer, "answer"))
            async with asyncio.timeout(CONNECT_SECONDS):
                while self._connection.connectionState not in ("connected", "failed", "closed"):
                    changed.clear()
                    await changed.wait()
        except ValueError as error:
            raise PeerError(f"the answer cannot be used: {error}") from error
        except TimeoutError:
            raise PeerError(f"no connection within {CONNECT_SECONDS:.0f} s") from None
        if self._connection.connectionState != "connected":
            raise PeerError(f"the connection is {self._connection.connectionState}")

    @property
    def connected(self) -> bool:
        """Whether media flows, or would if the network let it."""
        return self._connection.connectionState == "connected"

    @property
    def path(self) -> str:
        """The type of the local candidate that media takes: ``host`` or ``relay``."""
        ice: Any = self._transport.iceGatherer._connection
        (pair,) = ice._nominated.values()
        kind: str = pair.local_candidate.type
        return kind

    @property
    def _transport(self) -> RTCIceTransport:
        return self._connection.getSenders()[0].transport.transport

    async def restart(self, exchange: Exchange) -> None:
        """Restart ICE from new sockets; ``exchange`` carries fragments (RFC 8840), not whole SDP.

        Raises:
            PeerError: the restart failed; media goes on as before, if it can.
        """
        connection = Connection(ice_controlling=True)
        if self._loopback:
            _gather_on_loopback(connection)
        try:
            await restart(
                self._transport, connection, self._connection.localDescription.sdp, exchange
            )
        except RestartError as error:
            raise PeerError(str(error)) from error

    async def send(self, message: ClientMessage) -> None:
        """Send a message over the data channel, once that is open.

        Raises:
            PeerError: the channel did not open within 10 s, or is closed.
        """
        try:
            async with asyncio.timeout(CONNECT_SECONDS):
                await self._channel_open.wait()
        except TimeoutError:
            raise PeerError(f"no data channel within {CONNECT_SECONDS:.0f} s") from None
        if self._channel.readyState != "open":
            raise PeerError("the data channel is closed")
        self._channel.send(encode(message, Format.JSON).decode())

    def _add(self, track: ClipTrack, mime_type: str) -> None:
        transceiver = self._connection.addTransceiver(track, direction="sendonly")
        # Packets are encoded already: the other side must not be offered another codec.
        codecs = RTCRtpSender.getCapabilities(track.kind).codecs
        transceiver.setCodecPreferences([codec for codec in codecs if codec.mimeType == mime_type])


def _configuration(relays: Sequence[IceServer]) -> RTCConfiguration:
    # Without a list of servers aiortc asks a public STUN server.
    return RTCConfiguration(
        iceServers=[RTCIceServer(r.urls, r.username or None, r.credential or None) for r in relays],
        bundlePolicy=RTCBundlePolicy.MAX_BUNDLE,
        iceTransportPolicy=RTCIceTransportPolicy.RELAY if relays else RTCIceTransportPolicy.ALL,
    )


def gather_on_loopback(transport: RTCIceTransport) -> None:
    """Offer 127.0.0.1 as the only candidate address of ``transport``.

    aioice leaves it out and has no option to bring it in. The bundle policy gives all media and
    the data channel of a connection one transport.
    """
    _gather_on_loopback(transport.iceGatherer._connection)


def _gather_on_loopback(ice: Any) -> None:
    gather = ice.get_component_candidates
    ice.get_component_candidates = lambda component, **_: gather(component, LOOPBACK)
