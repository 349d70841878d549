"""Peers that do not connect, which are given up, and addresses that nothing is sent to."""

import asyncio
import socket

import pytest

from esapr.inference.signals import AudioWindow, Modality, VideoFrame
from esapr.load_tests import PORTRAIT
from esapr.load_tests.media import encode_clip
from esapr.load_tests.peer import Peer
from esapr.server.media.ice import CONNECT_SECONDS
from esapr.server.media.reach import Reach
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
        peer = WebRtcPeer(listener, fps=5.0, loopback=True, reach=Reach(anywhere=True))
        await peer.answer(await silent.offer())
        # No candidate of the peer ever answers: it has none.
        began = listener.now()
        await peer.run()
    assert listener.now() - began == pytest.approx(CONNECT_SECONDS, abs=1)
    assert sorted(listener.ended) == [Modality.FACE, Modality.VOICE]


class Target:
    """A UDP socket of somebody else, and an offer's way to name it."""

    def __init__(self) -> None:
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.bind(("127.0.0.1", 0))
        self.socket.setblocking(False)
        port = self.socket.getsockname()[1]
        self.candidate = f"a=candidate:1 1 udp 2130706431 127.0.0.1 {port} typ host\r\n"

    def was_probed(self) -> bool:
        try:
            return bool(self.socket.recv(2048))
        except BlockingIOError:
            return False


@pytest.mark.real_time
@pytest.mark.parametrize(("reach", "probed"), [(Reach(), False), (Reach(anywhere=True), True)])
async def test_an_address_out_of_reach_gets_no_packet_and_the_client_connects_by_its_own_checks(
    reach: Reach, probed: bool
) -> None:
    target = Target()
    receiver = WebRtcPeer(Listener(), fps=5.0, loopback=True, reach=reach)
    with target.socket:
        async with Peer(encode_clip(PORTRAIT), loopback=True) as peer, asyncio.TaskGroup() as group:

            async def exchange(offer: str) -> str:
                kept = [line for line in offer.splitlines() if "candidate" not in line]
                named = "".join(f"{line}\r\n" for line in kept) + target.candidate
                return await receiver.answer(named + "a=end-of-candidates\r\n")

            await peer.connect(exchange)
            running = group.create_task(receiver.run())
            await receiver.close()
            await running
        assert target.was_probed() is probed
    assert receiver.left_out == ({} if probed else {"address": 1})
