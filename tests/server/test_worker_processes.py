"""Inference in worker processes: the same states, and a session outlives the death of a worker."""

import os
import signal
from functools import cache
from pathlib import Path

import aiohttp
import pytest
from yarl import URL

from esapr.load_tests import PORTRAIT
from esapr.load_tests.gateway import Gateway
from esapr.load_tests.media import EncodedClip, encode_clip
from esapr.load_tests.participant import Participant, play
from esapr.protocol.messages import State
from tests.serving import running_server

pytestmark = pytest.mark.real_time


@cache
def portrait() -> EncodedClip:
    return encode_clip(PORTRAIT)


def workers() -> list[int]:
    """Return the worker processes that this process has started and that run."""
    children = "".join(
        (task / "children").read_text() for task in Path("/proc/self/task").iterdir()
    )
    return [pid for pid in map(int, children.split()) if b"worker_process" in command(pid)]


def command(pid: int) -> bytes:
    return Path(f"/proc/{pid}/cmdline").read_bytes()


async def next_with_face(participant: Participant, after: int) -> State:
    async for message in participant.feed:
        if isinstance(message, State) and message.seq > after and message.modalities.face:
            return message
    raise AssertionError("the feed has ended")


async def test_sessions_outlive_a_worker_that_is_killed() -> None:
    settings = {"inference_workers": "processes", "inference_threads": 2}
    async with (
        running_server(**settings) as server,
        aiohttp.ClientSession() as http,
        play(Gateway(http, URL(server.url)), portrait(), name="one") as one,
    ):
        before = await next_with_face(one, after=-1)
        (victim, survivor) = workers()
        os.kill(victim, signal.SIGKILL)
        state = await next_with_face(one, after=before.seq + 2)
        assert state.session == before.session
        assert "esapr_worker_restarts_total 1.0" in server.metrics.text().decode()
        assert survivor in workers()

    assert workers() == []
