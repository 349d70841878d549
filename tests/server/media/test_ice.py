"""Peers that do not connect: they are given up, on a clock that does not let the test wait."""

import asyncio

import pytest

from esapr.inference.signals import AudioWindow, Modality, VideoFrame
from esapr.load_tests import PORTRAIT
from esapr.load_tests.media import encode_clip
from esapr.load_tests.peer import Peer
from esapr.server.media.ice import CONNECT_SECONDS
from esapr.server.media.webrtc import WebRtcPeer


class Listener:
    """A sink that notes which tracks have ended."""

    def __init__(self) -> None:
        self.ended: list[Modality] = []

    def now(self) -> float:
        return asyncio.get_running_loop().time()

    def put_frame(self, frame: VideoFrame) -> None: ...

    def put_window(self, window: AudioWindow) -> None: ...

    def put_message(self, data: str | bytes) -> None: ...

    def track_ended(self, modality: Modality) -> None:
        self.ended.append(modality)


async def test_a_peer_that_never_connects_is_given_up() -> None:
    listener = Listener()
    async with Peer(encode_clip(PORTRAIT), loopback=True) as silent:
        peer = WebRtcPeer(listener, fps=5.0, loopback=True)
        await peer.answer(await silent.offer())
        # No candidate of the peer ever answers: it has none.
        began = listener.now()
        await peer.run()
    assert listener.now() - began == pytest.approx(CONNECT_SECONDS, abs=1)
    assert sorted(listener.ended) == [Modality.FACE, Modality.VOICE]
