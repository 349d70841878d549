"""WebRTC peer connections: the only file of the server that imports aiortc."""

import asyncio
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import suppress
from uuid import uuid4

import av
import structlog
from aiortc import (
    MediaStreamTrack,
    RTCConfiguration,
    RTCDataChannel,
    RTCDtlsTransport,
    RTCPeerConnection,
    RTCRtpReceiver,
    RTCSessionDescription,
)
from aiortc.codecs import get_decoder
from aiortc.exceptions import InvalidAccessError, InvalidStateError, OperationError
from aiortc.jitterbuffer import JitterBuffer
from aiortc.mediastreams import MediaStreamError
from aiortc.rtcconfiguration import RTCBundlePolicy
from aiortc.sdp import SessionDescription

from esapr.inference.signals import Modality
from esapr.protocol.errors import ErrorCode, ProtocolError
from esapr.server.media.answer import asking_for_less, with_exclusive_mux
from esapr.server.media.audio import Sound
from esapr.server.media.decoding import Decoding
from esapr.server.media.fragment import with_usable_candidates
from esapr.server.media.ice import CONNECT_SECONDS, LOOPBACK, IceAgent, gather_on
from esapr.server.media.losses import Requests
from esapr.server.media.offer import check_extent
from esapr.server.media.reach import Reach
from esapr.server.media.reception import Reception
from esapr.server.media.sink import MediaSink
from esapr.server.media.video import Pictures
from esapr.server.media.whole_frames import WholeFrames

log = structlog.get_logger()

AUDIO_PACKETS = 2
"""Packets of sound within which order is restored; a lost one is waited for as long."""

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

    def __init__(self, sink: MediaSink, *, fps: float, loopback: bool, reach: Reach) -> None:
        """Receive for ``sink``, from clients within ``reach``.

        ``loopback`` offers 127.0.0.1 as the only candidate address.
        """
        self.id = uuid4().hex
        """Names the peer in its WHIP resource."""
        self.left_out: Counter[str] = Counter()
        """Candidates of the offer that were not taken, by reason."""
        self.connected: bool | None = None
        """Whether a connection came about; None while that is open."""
        self._reach = reach
        self._sink = sink
        self._loop = asyncio.get_running_loop()
        self._fps = fps
        self._loopback = loopback
        self._tracks: list[MediaStreamTrack] = []
        self._ice: IceAgent | None = None
        self._settled = asyncio.Event()
        # Without a configuration aiortc asks a public STUN server.
        configuration = RTCConfiguration(iceServers=[], bundlePolicy=RTCBundlePolicy.MAX_BUNDLE)
        self._connection = RTCPeerConnection(configuration)
        self._connection.on("track", self._tracks.append)
        self._connection.on("datachannel", self._open_channel)
        self._connection.on("connectionstatechange", self._note_state)

    @property
    def ice(self) -> IceAgent:
        """The ICE sessions below the connection; there are none before :meth:`answer`."""
        assert self._ice is not None
        return self._ice

    async def answer(self, offer: str) -> str:
        """Return the SDP answer: all candidates gathered, no more packets than will do.

        Raises:
            ProtocolError: ``sdp_invalid``, ``sdp_without_media``, ``sdp_unacceptable`` or
                ``too_many_candidates``.
        """
        check_offer(offer)
        offer, self.left_out = with_usable_candidates(offer, self._reach)
        try:
            await self._connection.setRemoteDescription(RTCSessionDescription(offer, "offer"))
            self._be_dtls_server(offer)
            answer = await self._connection.createAnswer()
            if self._loopback:
                self._gather_on_loopback()
            await self._connection.setLocalDescription(answer)
        except OperationError as error:
            await self.close()
            raise ProtocolError(
                ErrorCode.SDP_UNACCEPTABLE, "no codec of a section is supported"
            ) from error
        except _SDP_ERRORS as error:
            await self.close()
            raise ProtocolError(
                ErrorCode.SDP_INVALID, f"the offer cannot be answered: {type(error).__name__}"
            ) from error
        self._ice = self._agent()
        for receiver in self._connection.getReceivers():
            # A section that the client does not send in has none.
            if receiver.track is not None:
                self._read_on_its_thread(receiver)
        return with_exclusive_mux(asking_for_less(self._connection.localDescription.sdp))

    async def run(self) -> None:
        """Receive until every track has ended, then close the connection.

        A peer that is not connected within ``CONNECT_SECONDS`` is given up: its tracks have ended.
        """
        try:
            self.connected = await self._connects()
            if self.connected:
                await self._watch_tracks()
            else:
                log.info("peer_not_connected")
                for track in self._tracks:
                    self._sink.track_ended(_MODALITIES[track.kind])
        finally:
            await self.close()

    def reception(self) -> Iterator[tuple[str, Reception]]:
        """Yield what each track has brought so far, with its kind: ``audio`` or ``video``."""
        for receiver in self._connection.getReceivers():
            if receiver.track is not None:
                yield receiver.track.kind, _reception(receiver)

    async def close(self) -> None:
        """Close the connection; may be called more than once."""
        if self._ice:
            await self._ice.close()
        # A second close awaits the first one's future: a cancelled caller must not cancel that.
        await asyncio.shield(self._connection.close())

    async def _connects(self) -> bool:
        try:
            async with asyncio.timeout(CONNECT_SECONDS):
                await self._settled.wait()
        except TimeoutError:
            return False
        return self._connection.connectionState == "connected"

    def _note_state(self) -> None:
        if self._connection.connectionState in ("connected", "failed", "closed"):
            self._settled.set()

    async def _watch_tracks(self) -> None:
        async with asyncio.TaskGroup() as group:
            restarts = group.create_task(self.ice.run())
            async with asyncio.TaskGroup() as tracks:
                for track in self._tracks:
                    tracks.create_task(self._watch(track))
            restarts.cancel()

    async def _watch(self, track: MediaStreamTrack) -> None:
        with suppress(MediaStreamError):
            await track.recv()  # brings no frame: they are read where they are decoded
        self._sink.track_ended(_MODALITIES[track.kind])

    def _open_channel(self, channel: RTCDataChannel) -> None:
        channel.on("message", self._sink.put_message)

    def _be_dtls_server(self, offer: str) -> None:
        # As a client aiortc takes ECDSA certificates only: GStreamer's DTLS server has an RSA one.
        if self._dtls._role == "auto" and "a=setup:passive" not in offer:
            self._dtls._set_role("server")

    @property
    def _dtls(self) -> RTCDtlsTransport:
        # Under the bundle policy all sections share one transport.
        return self._connection.getTransceivers()[0].receiver.transport

    def _agent(self) -> IceAgent:
        section = SessionDescription.parse(self._connection.localDescription.sdp).media[0]
        return IceAgent(
            self._dtls.transport, media=section.kind, mid=section.rtp.muxId, loopback=self._loopback
        )

    def _gather_on_loopback(self) -> None:
        transports = {t.receiver.transport.transport for t in self._connection.getTransceivers()}
        if self._connection.sctp:
            transports.add(self._connection.sctp.transport.transport)
        for transport in transports:
            gather_on(transport.iceGatherer._connection, LOOPBACK)

    def _read_on_its_thread(self, receiver: RTCRtpReceiver) -> None:
        # aiortc has no option for either: the names are those of its 1.16.
        audio = receiver.track.kind == "audio"
        reader = self._sound_reader if audio else self._picture_reader
        broken = receiver._RTCRtpReceiver__decoder_error  # type: ignore[attr-defined]
        decoding = Decoding(get_decoder, reader, broken)
        receiver._RTCRtpReceiver__decoder_queue = decoding  # type: ignore[attr-defined]
        buffer = receiver._RTCRtpReceiver__jitter_buffer  # type: ignore[attr-defined]
        if audio:
            # aiortc holds back four packets of sound, and sixteen behind a lost one: with packets
            # of 60 ms, fewer while nobody speaks, that would be seconds.
            buffer = JitterBuffer(AUDIO_PACKETS)
        else:
            requests = Requests(self._loop.time)
            receiver._RTCRtpReceiver__nack_generator = requests  # type: ignore[attr-defined]
        receiver._RTCRtpReceiver__jitter_buffer = WholeFrames(buffer)  # type: ignore[attr-defined]

    def _picture_reader(self) -> Callable[[av.VideoFrame], None]:
        pictures = Pictures()

        def read(frame: av.VideoFrame) -> None:
            picture = pictures.take(frame, self._sink.now(), self._fps)
            if picture is not None:
                self._loop.call_soon_threadsafe(self._sink.put_frame, picture)

        return read

    def _sound_reader(self) -> Callable[[av.AudioFrame], None]:
        sound = Sound()

        def read(frame: av.AudioFrame) -> None:
            for window in sound.take(frame, self._sink.now()):
                self._loop.call_soon_threadsafe(self._sink.put_window, window)

        return read


def _reception(receiver: RTCRtpReceiver) -> Reception:
    # getStats() makes a report with time stamps of each of them; both names are those of 1.16.
    streams = receiver._RTCRtpReceiver__remote_streams.values()  # type: ignore[attr-defined]
    decoding: Decoding = receiver._RTCRtpReceiver__decoder_queue  # type: ignore[attr-defined]
    return Reception(
        packets=sum(each.packets_received for each in streams),
        packets_lost=sum(each.packets_lost for each in streams),
        frames=decoding.taken,
        decoded=decoding.decoded,
        broken=decoding.failed,
        jitter=max((each.jitter / each._clockrate for each in streams), default=0.0),
    )


def check_offer(offer: str) -> None:
    """Check that an offer can be parsed and sends what the server can take.

    Raises:
        ProtocolError: ``sdp_invalid``; ``sdp_without_media`` when it sends no audio or video;
            ``sdp_unacceptable`` for more sections, lines or codecs than the limits allow, or for
            sections that are not bundled.
    """
    if not offer.startswith("v=0"):
        raise ProtocolError(ErrorCode.SDP_INVALID, "the offer is not SDP: it must begin with v=0")
    check_extent(offer)
    try:
        description = SessionDescription.parse(offer)
    except _SDP_ERRORS as error:
        raise ProtocolError(
            ErrorCode.SDP_INVALID, f"the offer is not SDP: {type(error).__name__}"
        ) from error
    media = description.media
    kinds = Counter(part.kind for part in media)
    if max(kinds.values(), default=0) > 1:
        raise ProtocolError(ErrorCode.SDP_UNACCEPTABLE, "at most one audio and one video section")
    _check_bundle(description)
    sends = [m for m in media if m.kind in _MODALITIES and m.direction in ("sendonly", "sendrecv")]
    if not sends:
        raise ProtocolError(ErrorCode.SDP_WITHOUT_MEDIA, "the offer sends neither audio nor video")


def _check_bundle(description: SessionDescription) -> None:
    """Check that the sections are those of the one group: aiortc believes what the group names."""
    mids = [part.rtp.muxId for part in description.media]
    groups = [group.items for group in description.group if group.semantic == "BUNDLE"]
    if len(mids) <= 1 and not groups:
        return
    if len(groups) != 1 or Counter(groups[0]) != Counter(mids) or len(set(mids)) != len(mids):
        problem = "all sections, and nothing else, must be in one BUNDLE group"
        raise ProtocolError(ErrorCode.SDP_UNACCEPTABLE, problem)
