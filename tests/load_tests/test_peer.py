import asyncio
from fractions import Fraction

import pytest
from aiortc import MediaStreamTrack, RTCConfiguration, RTCPeerConnection, RTCSessionDescription
from aiortc.mediastreams import MediaStreamError

from esapr.load_tests import PORTRAIT
from esapr.load_tests.media import EncodedClip, EncodedTrack, encode_clip
from esapr.load_tests.peer import ClipTrack, Peer, PeerError, PlayClock
from esapr.protocol.codec import Format, decode_client
from esapr.protocol.messages import Text

PICTURES = EncodedTrack("video", 90_000, 6_000, (b"one", b"two", b"three"))
SOUND = EncodedTrack("audio", 48_000, 960, tuple(bytes([n]) for n in range(10)))


async def test_packets_come_when_they_are_due_and_loop() -> None:
    loop = asyncio.get_running_loop()
    track = ClipTrack(PICTURES, PlayClock())
    start = loop.time()

    played = [(await track.recv(), loop.time() - start) for _ in range(7)]

    assert [bytes(packet) for packet, _ in played] == [b"one", b"two", b"three"] * 2 + [b"one"]
    assert [packet.pts for packet, _ in played] == [6_000 * n for n in range(7)]
    assert {packet.time_base for packet, _ in played} == {Fraction(1, 90_000)}
    assert [at for _, at in played] == pytest.approx([n / 15 for n in range(7)])


async def test_a_late_reader_catches_up_without_shifting_the_clock() -> None:
    loop = asyncio.get_running_loop()
    track = ClipTrack(PICTURES, PlayClock())
    start = loop.time()
    await track.recv()
    await asyncio.sleep(1.0)

    times = [(await track.recv(), loop.time() - start)[1] for _ in range(17)]

    assert times[:15] == pytest.approx([1.0] * 15)
    assert times[15:] == pytest.approx([16 / 15, 17 / 15])


async def test_tracks_of_one_clip_share_their_start() -> None:
    loop = asyncio.get_running_loop()
    clock = PlayClock()
    pictures, sound = ClipTrack(PICTURES, clock), ClipTrack(SOUND, clock)
    start = loop.time()
    await pictures.recv()
    await asyncio.sleep(0.05)

    heard = [(await sound.recv(), loop.time() - start)[1] for _ in range(5)]

    assert heard == pytest.approx([0.05, 0.05, 0.05, 0.06, 0.08])


async def test_a_stopped_track_ends() -> None:
    track = ClipTrack(PICTURES, PlayClock())
    track.stop()

    with pytest.raises(MediaStreamError):
        await track.recv()


class Receiver:
    """The other side of a peer: answers, and keeps what arrives."""

    def __init__(self) -> None:
        self.connection = RTCPeerConnection(RTCConfiguration(iceServers=[]))
        self.tracks: dict[str, MediaStreamTrack] = {}
        self.messages: asyncio.Queue[str] = asyncio.Queue()
        self.offer = ""
        self.connection.on("track", self._keep)
        self.connection.on(
            "datachannel", lambda channel: channel.on("message", self.messages.put_nowait)
        )

    def _keep(self, track: MediaStreamTrack) -> None:
        self.tracks[track.kind] = track

    async def exchange(self, offer: str) -> str:
        self.offer = offer
        await self.connection.setRemoteDescription(RTCSessionDescription(offer, "offer"))
        await self.connection.setLocalDescription(await self.connection.createAnswer())
        answer: str = self.connection.localDescription.sdp
        return answer

    async def seconds(self, kind: str, frames: int) -> float:
        """Read ``frames`` frames and return how much media time they span."""
        read = [await self.tracks[kind].recv() for _ in range(frames)]
        return float((read[-1].pts - read[0].pts) * read[0].time_base)


@pytest.mark.real_time
async def test_a_peer_plays_picture_sound_and_text_over_loopback() -> None:
    clip = encode_clip(PORTRAIT)
    receiver = Receiver()
    async with asyncio.timeout(20), Peer(clip, loopback=True) as peer:
        await peer.connect(receiver.exchange)
        await peer.send(Text(body="hello"))
        async with asyncio.TaskGroup() as group:
            pictures = group.create_task(receiver.seconds("video", 10))
            sound = group.create_task(receiver.seconds("audio", 30))
        message = await receiver.messages.get()
        assert peer.connected

    await receiver.connection.close()
    assert not peer.connected
    with pytest.raises(PeerError, match="closed"):
        await peer.send(Text(body="too late"))
    assert pictures.result() == pytest.approx(9 / 15)
    assert sound.result() == pytest.approx(29 / 50)
    assert decode_client(message.encode(), Format.JSON) == Text(body="hello")


@pytest.mark.real_time
async def test_a_loopback_offer_names_no_other_address_and_no_other_codec() -> None:
    receiver = Receiver()
    async with Peer(encode_clip(PORTRAIT), loopback=True) as peer:
        with pytest.raises(PeerError):
            await peer.connect(_refusing(receiver))

    lines = receiver.offer.splitlines()
    candidates = [line.split()[4] for line in lines if line.startswith("a=candidate")]
    assert candidates
    assert set(candidates) == {"127.0.0.1"}
    codecs = {line.split()[1] for line in lines if line.startswith("a=rtpmap")}
    assert codecs == {"VP8/90000", "opus/48000/2"}


def _refusing(receiver: Receiver):  # type: ignore[no-untyped-def]
    async def exchange(offer: str) -> str:
        receiver.offer = offer
        return "no answer"

    return exchange


@pytest.mark.real_time
async def test_a_peer_plays_h264() -> None:
    clip = encode_clip(PORTRAIT, width=320, height=240, fps=10, codec="H264", longest=2)
    receiver = Receiver()
    async with asyncio.timeout(20), Peer(clip, loopback=True) as peer:
        await peer.connect(receiver.exchange)
        assert await receiver.seconds("video", 3) == pytest.approx(2 / 10)

    await receiver.connection.close()
    codecs = {line.split()[1] for line in receiver.offer.splitlines() if "a=rtpmap" in line}
    assert codecs == {"H264/90000", "opus/48000/2"}


@pytest.mark.real_time
async def test_a_clip_without_sound_offers_pictures_only() -> None:
    clip = encode_clip(PORTRAIT)
    receiver = Receiver()
    async with asyncio.timeout(20), Peer(EncodedClip(clip.video, None), loopback=True) as peer:
        await peer.connect(receiver.exchange)
        assert await receiver.seconds("video", 3) == pytest.approx(2 / 15)

    await receiver.connection.close()
    assert set(receiver.tracks) == {"video"}
