"""Whoever revokes consent is measured no more: nothing goes out from that moment on."""

import asyncio

import aiohttp
import msgspec
import numpy as np
import pytest
from yarl import URL

from esapr.inference.signals import VideoFrame
from esapr.load_tests import PORTRAIT
from esapr.load_tests.gateway import Gateway
from esapr.load_tests.media import encode_clip
from esapr.load_tests.participant import play
from esapr.protocol.messages import SessionClosed, State
from esapr.protocol.requests import SessionRequest
from esapr.protocol.rooms import MemberLeft
from esapr.server.metrics import Metrics
from esapr.server.pipeline import running_pipeline
from esapr.server.sessions.endings import revoked
from esapr.server.sessions.outbox import Broadcast
from esapr.server.sessions.room import Room
from esapr.server.sessions.session import Session
from tests.server.sessions.examples import state
from tests.server.sessions.hosts import host
from tests.serving import CONSENT, models, running_server


async def test_no_state_is_made_once_consent_is_revoked() -> None:
    published: list[Broadcast] = []
    metrics = Metrics()
    loop = asyncio.get_running_loop()
    with running_pipeline(models(), 1, metrics) as pipeline:
        async with asyncio.TaskGroup() as group:
            serving = group.create_task(pipeline.run())
            request = msgspec.convert({"consent": CONSENT, "tick_ms": 1000}, SessionRequest)
            session = Session("s", request, host(pipeline, metrics, published.append), "")
            running = group.create_task(session.run())
            await asyncio.sleep(3.5)
            session.put_frame(VideoFrame(session.now(), np.zeros((240, 320, 3), np.uint8)))
            session.end(revoked("token:1"))
            at = loop.time()
            await running
            # Long before the next tick: no time has passed at all.
            assert loop.time() == at
            assert len(published) == 3
            await asyncio.sleep(10)
            assert len(published) == 3
            serving.cancel()


@pytest.mark.real_time
async def test_a_peer_is_gone_when_the_revocation_is_answered() -> None:
    async with (
        running_server() as server,
        aiohttp.ClientSession() as http,
        play(Gateway(http, URL(server.url)), encode_clip(PORTRAIT), name="ann") as ann,
    ):
        async for message in ann.feed:
            if isinstance(message, State) and message.modalities.face:
                break
        assert b"esapr_peers 1.0" in server.metrics.text()
        path = f"{server.url}/v1/sessions/{ann.credentials.session_id}/consent"
        bearer = {"Authorization": f"Bearer {ann.credentials.client_token}"}
        assert (await http.delete(path, headers=bearer)).status == 204
        assert b"esapr_peers 0.0" in server.metrics.text()
        assert b"esapr_sessions 0.0" in server.metrics.text()
        left = [message async for message in ann.feed]
        closed = [message for message in left if isinstance(message, SessionClosed)]
        assert [message.reason for message in closed] == ["consent_revoked"]


@pytest.mark.parametrize(("reason", "kept"), [("closed", 3), ("consent_revoked", 0)])
def test_a_room_keeps_no_state_of_somebody_who_revoked(reason: str, kept: int) -> None:
    room = Room("ward", lambda: 0.0)
    for seq in range(3):
        room.receive(Broadcast(state(seq)))
    room.receive(Broadcast(MemberLeft("ward", "s", "p", reason)))
    assert len(room.history("s").since(-1)) == kept
