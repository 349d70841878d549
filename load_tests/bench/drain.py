"""The ingest floor: a server that receives media and drops every frame.

``python -m esapr.load_tests.bench.drain`` answers ``POST /whip`` on a free loopback port until
SIGTERM. What it costs is what WebRTC costs: nothing is converted, analysed or published.
"""

import asyncio
import signal
import sys

from aiohttp import web
from aiortc import (
    MediaStreamTrack,
    RTCConfiguration,
    RTCPeerConnection,
    RTCSessionDescription,
)
from aiortc.mediastreams import MediaStreamError
from aiortc.rtcconfiguration import RTCBundlePolicy

from esapr.load_tests.peer import gather_on_loopback


class Drain:
    """Answers offers; every track is read by a task of ``group``."""

    def __init__(self, group: asyncio.TaskGroup) -> None:
        """Start without connections."""
        self._group = group

    async def answer(self, request: web.Request) -> web.Response:
        """Answer an offer and receive until the peer closes the connection."""
        # Without a configuration aiortc asks a public STUN server.
        connection = RTCPeerConnection(
            RTCConfiguration(iceServers=[], bundlePolicy=RTCBundlePolicy.MAX_BUNDLE)
        )
        connection.on("track", lambda track: self._group.create_task(_drop_frames(track)))
        offer = RTCSessionDescription(await request.text(), "offer")
        await connection.setRemoteDescription(offer)
        answer = await connection.createAnswer()
        gather_on_loopback(connection.getTransceivers()[0].receiver.transport.transport)
        await connection.setLocalDescription(answer)
        return web.Response(text=connection.localDescription.sdp, content_type="application/sdp")


async def _drop_frames(track: MediaStreamTrack) -> None:
    while True:
        try:
            await track.recv()
        except MediaStreamError:
            return


async def _serve() -> None:
    stop = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stop.set)
    async with asyncio.TaskGroup() as group:
        app = web.Application()
        app.add_routes([web.post("/whip", Drain(group).answer)])
        runner = web.AppRunner(app, handle_signals=False)
        await runner.setup()
        try:
            await web.TCPSite(runner, "127.0.0.1", 0).start()
            port = runner.addresses[0][1]
            sys.stderr.write(f"drain serves on http://127.0.0.1:{port}\n")
            sys.stderr.flush()
            await stop.wait()
        finally:
            await runner.cleanup()


if __name__ == "__main__":
    asyncio.run(_serve())
