"""A picture of one packet a frame, of which one packet comes late: nothing stays behind."""

import asyncio

import av
import numpy as np
import pytest

from esapr.inference.signals import AudioWindow, Modality, VideoFrame
from esapr.load_tests.encoders import video_encoder
from esapr.load_tests.media import EncodedClip, EncodedTrack
from esapr.load_tests.peer import Peer
from esapr.server.media.reach import Reach
from esapr.server.media.webrtc import WebRtcPeer

FPS = 30


def small_pictures() -> EncodedClip:
    """Return a second of grey key frames, each of which fits in a packet."""
    encoder = video_encoder("VP8", 320, 240, FPS)
    encoder.gop_size = 1
    packets: list[bytes] = []
    for number in range(FPS):
        frame = av.VideoFrame.from_ndarray(np.full((240, 320, 3), 8 * number, np.uint8), "rgb24")
        frame.pts = number
        packets += [bytes(packet) for packet in encoder.encode(frame)]
    assert max(map(len, packets)) < 1000
    return EncodedClip(EncodedTrack("video", 90_000, 90_000 // FPS, tuple(packets)), None)


class Sink:
    """Counts pictures."""

    def __init__(self) -> None:
        self.now = asyncio.get_running_loop().time
        self.pictures = 0
        self.came = asyncio.Event()

    def put_frame(self, frame: VideoFrame) -> None:
        self.pictures += 1
        self.came.set()

    def put_window(self, window: AudioWindow) -> None: ...

    def put_message(self, message: str | bytes) -> None: ...

    def track_ended(self, modality: Modality) -> None: ...


@pytest.mark.real_time
async def test_pictures_that_waited_for_a_lost_packet_are_worked_off() -> None:
    sink, sent, victim = Sink(), set[bytes](), list[bytes]()
    receiver = WebRtcPeer(sink, fps=2 * FPS, loopback=True, reach=Reach(anywhere=True))
    async with asyncio.timeout(30), Peer(small_pictures(), loopback=True) as peer:
        await peer.connect(receiver.answer)
        send = peer._transport._send

        async def lossy(data: bytes) -> None:
            if data[0] >> 6 == 2 and not 64 <= data[1] & 0x7F < 96:
                sent.add(data[2:4])
                if len(sent) > 10 and data[2:4] == (victim or [data[2:4]])[0]:
                    victim.append(data[2:4])
                    if len(victim) <= 4:
                        return
            await send(data)

        async with asyncio.TaskGroup() as group:
            running = group.create_task(receiver.run())
            while not sink.pictures:
                sink.came.clear()
                await sink.came.wait()
            before, peer._transport._send = sink.pictures, lossy
            # One is on its way when counting begins, and one is whole when the next one comes.
            while len(victim) <= 4 or before + len(sent) - sink.pictures > 3:
                sink.came.clear()
                await sink.came.wait()
            running.cancel()
