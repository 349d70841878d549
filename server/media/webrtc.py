"""WebRTC peer connections: the only file of the server that imports aiortc."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from typing import Any
from uuid import uuid4

import av
import structlog
from aiortc import (
    MediaStreamTrack,
    RTCConfiguration,
    RTCDataChannel,
    RTCPeerConnection,
    RTCSessionDescription,
)
from aiortc.exceptions import InvalidAccessError, InvalidStateError, OperationError
from aiortc.jitterbuffer import JitterBuffer
from aiortc.mediastreams import MediaStreamError
from aiortc.rtcconfiguration import RTCBundlePolicy
from aiortc.sdp import SessionDescription

from esapr.inference.signals import Modality
from esapr.protocol.errors import ErrorCode, ProtocolError
from esapr.server.media.answer import asking_for_less
from esapr.server.media.audio import read_audio
from esapr.server.media.sink import MediaSink
from esapr.server.media.video import read_video

log = structlog.get_logger()

AUDIO_PACKETS = 2
"""Packets of sound within which order is restored; a lost one is waited for as long."""

LOOPBACK = ["127.0.0.1"]
# What aiortc raises on an offer that it cannot parse or use.
_SDP_ERRORS = (
    ValueError,
    AssertionError,
    AttributeError,
    IndexError,
    KeyError,
    TypeError,
    InvalidAccessError,
    InvalidStateError,
    OperationError,
)
_MODALITIES = {"video": Modality.FACE, "audio": Modality.VOICE}


class WebRtcPeer:
    """One peer connection that receives at most one audio and one video track."""

    def __init__(self, sink: MediaSink, *, fps: float, loopback: bool) -> None:
        """Receive for ``sink``. ``loopback`` offers 127.0.0.1 as the only candidate address."""
        self.id = uuid4().hex
        """Names the peer in its WHIP resource."""
        self._sink = sink
        self._fps = fps
        self._loopback = loopback
        self._tracks: list[MediaStreamTrack] = []
        # Without a configuration aiortc asks a public STUN server.
        configuration = RTCConfiguration(iceServers=[], bundlePolicy=RTCBundlePolicy.MAX_BUNDLE)
        self._connection = RTCPeerConnection(configuration)
        self._connection.on("track", self._tracks.append)
        self._connection.on("datachannel", self._open_channel)

    async def answer(self, offer: str) -> str:
        """Return the SDP answer: all candidates gathered, no more packets than will do.

        Raises:
            ProtocolError: ``sdp_invalid`` or ``sdp_without_media``.
        """
        check_offer(offer)
        try:
            await self._connection.setRemoteDescription(RTCSessionDescription(offer, "offer"))
            answer = await self._connection.createAnswer()
            if self._loopback:
                self._gather_on_loopback()
            await self._connection.setLocalDescription(answer)
        except _SDP_ERRORS as error:
            await self.close()
            raise ProtocolError(
                ErrorCode.SDP_INVALID, f"the offer cannot be answered: {type(error).__name__}"
            ) from error
        self._shorten_audio_delay()
        return asking_for_less(self._connection.localDescription.sdp)

    async def run(self) -> None:
        """Read every track until all have ended, then close the connection."""
        try:
            async with asyncio.TaskGroup() as group:
                for track in self._tracks:
                    group.create_task(self._read(track))
        finally:
            await self.close()

    async def close(self) -> None:
        """Close the connection; may be called more than once."""
        # A second close awaits the first one's future: a cancelled caller must not cancel that.
        await asyncio.shield(self._connection.close())

    async def _read(self, track: MediaStreamTrack) -> None:
        try:
            if track.kind == "video":
                await read_video(_frames(track), self._sink, self._fps)
            else:
                await read_audio(_frames(track), self._sink)
        except av.FFmpegError as error:
            # A track that cannot be converted is an absent modality, not a broken session.
            log.warning("track_failed", kind=track.kind, error=type(error).__name__)
        self._sink.track_ended(_MODALITIES[track.kind])

    def _open_channel(self, channel: RTCDataChannel) -> None:
        channel.on("message", self._sink.put_message)

    def _gather_on_loopback(self) -> None:
        # aioice leaves 127.0.0.1 out and has no option to bring it in; a server that binds
        # loopback must not open UDP ports on other interfaces either.
        transports = {t.receiver.transport.transport for t in self._connection.getTransceivers()}
        if self._connection.sctp:
            transports.add(self._connection.sctp.transport.transport)
        for transport in transports:
            _gather_on(transport.iceGatherer._connection, LOOPBACK)

    def _shorten_audio_delay(self) -> None:
        # aiortc holds back four packets of sound, and sixteen behind a lost one: with packets of
        # 60 ms, fewer while nobody speaks, that would be seconds.
        for receiver in self._connection.getReceivers():
            if receiver.track.kind == "audio":
                buffer = JitterBuffer(AUDIO_PACKETS)
                receiver._RTCRtpReceiver__jitter_buffer = buffer  # type: ignore[attr-defined]


def check_offer(offer: str) -> None:
    """Check that an offer can be parsed and sends what the server can take.

    Raises:
        ProtocolError: ``sdp_invalid``, or ``sdp_without_media`` when it sends no audio or video.
    """
    if not offer.startswith("v=0"):
        raise ProtocolError(ErrorCode.SDP_INVALID, "the offer is not SDP: it must begin with v=0")
    try:
        media = SessionDescription.parse(offer).media
    except _SDP_ERRORS as error:
        raise ProtocolError(
            ErrorCode.SDP_INVALID, f"the offer is not SDP: {type(error).__name__}"
        ) from error
    kinds = Counter(part.kind for part in media)
    if max(kinds.values(), default=0) > 1:
        raise ProtocolError(ErrorCode.SDP_INVALID, "at most one audio and one video section")
    sends = [m for m in media if m.kind in _MODALITIES and m.direction in ("sendonly", "sendrecv")]
    if not sends:
        raise ProtocolError(ErrorCode.SDP_WITHOUT_MEDIA, "the offer sends neither audio nor video")


def _gather_on(connection: Any, addresses: list[str]) -> None:
    gather = connection.get_component_candidates
    connection.get_component_candidates = lambda component, **_: gather(component, addresses)


async def _frames(track: MediaStreamTrack) -> AsyncIterator[Any]:
    """Yield the frames of a track until it ends."""
    while True:
        try:
            yield await track.recv()
        except MediaStreamError:
            return
