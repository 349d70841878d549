"""A real Ray cluster: the same scores, and sessions that outlive its replicas and itself.

The tests share one cluster and run in this order; the last one takes the models down.
"""

import asyncio
import os
import signal
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import cache

import aiohttp
import numpy as np
import pytest
from yarl import URL

from esapr import models_onnx
from esapr.inference.cards import Arrays, ModelError
from esapr.load_tests import PORTRAIT
from esapr.load_tests.chaos.ray_cluster import RayCluster
from esapr.load_tests.gateway import Gateway
from esapr.load_tests.media import EncodedClip, encode_clip
from esapr.load_tests.participant import Participant, play
from esapr.protocol.messages import State
from tests.cluster.extra import require
from tests.serving import models, running_server

require("grpc", "ray")
from esapr.cluster.client import ClusterError, ModelCluster  # noqa: E402

pytestmark = pytest.mark.real_time

DETECTOR = "face_detector"


@cache
def portrait() -> EncodedClip:
    return encode_clip(PORTRAIT)


@pytest.fixture(scope="module")
def head() -> Iterator[RayCluster]:
    """All models; two replicas of the face detector."""
    head = RayCluster()
    try:
        head.up()
        head.up("--model", DETECTOR, "--replicas", "2")
        yield head
    finally:
        head.remove()


async def state(
    participant: Participant, wanted: Callable[[State], bool], *, within: float | None = 90
) -> State:
    async with asyncio.timeout(within):
        async for message in participant.feed:
            if isinstance(message, State) and wanted(message):
                return message
    raise AssertionError("the feed has ended")


def whole(message: State) -> bool:
    """Whether a state rests on a face and nothing was dropped on the way to it."""
    return message.level == "full" and message.modalities.face is not None


def parity_inputs(name: str) -> Arrays:
    with np.load(models_onnx.folders()[name] / "parity.npz") as stored:
        return {key[3:]: stored[key] for key in stored.files if key.startswith("in_")}


@pytest.mark.parametrize("name", models_onnx.folders())
def test_the_cluster_scores_as_this_machine_does(head: RayCluster, name: str) -> None:
    with ModelCluster(models_onnx.folders(), head.ingress, pytest.fail) as cluster:
        there = cluster.models[name].run(parity_inputs(name))
    here = models()[name].run(parity_inputs(name))

    assert there.keys() == here.keys()
    for output, values in here.items():
        np.testing.assert_allclose(there[output], values, rtol=0, atol=1e-5)


async def test_sessions_outlive_a_replica_that_is_killed(head: RayCluster) -> None:
    async with (
        running_server(inference_workers="ray", cluster_address=head.ingress) as server,
        aiohttp.ClientSession() as http,
        play(Gateway(http, URL(server.url)), portrait(), name="one") as one,
        play(Gateway(http, URL(server.url)), portrait(), name="two") as two,
    ):
        people = (one, two)
        before = [await state(person, whole) for person in people]
        victim, survivor = head.replicas(DETECTOR)
        os.kill(victim, signal.SIGKILL)
        for person, last in zip(people, before, strict=True):
            seq = last.seq + 2
            after = await state(person, lambda new, seq=seq: new.seq > seq and whole(new))
            assert after.session == last.session

    assert survivor in head.replicas(DETECTOR)


def test_under_load_a_kill_costs_the_batches_of_that_replica(head: RayCluster) -> None:
    deadline = time.monotonic() + 60
    while len(head.replicas(DETECTOR)) < 2:
        assert time.monotonic() < deadline, "the killed replica was not replaced"
        time.sleep(0.2)
    victim = head.replicas(DETECTOR)[0]
    failures: list[str] = []
    batch = parity_inputs(DETECTOR)

    def score(number: int) -> bool:
        if number == 20:
            os.kill(victim, signal.SIGKILL)
        try:
            return len(cluster.models[DETECTOR].run(batch)["boxes"]) == len(batch["image"])
        except ClusterError:
            return False

    with (
        ModelCluster(models_onnx.folders(), head.ingress, failures.append) as cluster,
        ThreadPoolExecutor(4) as threads,
    ):
        answered = list(threads.map(score, range(100)))

    assert answered.count(False) == len(failures) <= 4
    assert all(answered[-50:])


async def test_a_server_degrades_while_the_cluster_is_away_and_recovers(head: RayCluster) -> None:
    async with (
        running_server(inference_workers="ray", cluster_address=head.ingress) as server,
        aiohttp.ClientSession() as http,
        play(Gateway(http, URL(server.url)), portrait(), name="one") as one,
    ):
        before = await state(one, whole)
        head.kill()
        away = await state(one, lambda new: new.level == "minimal")
        metrics = server.metrics.text().decode()
        assert 'esapr_cluster_failures_total{code="unavailable"}' in metrics
        assert 'esapr_dropped_total{reason="failed",stage="face"}' in metrics

        async with asyncio.TaskGroup() as group:
            up = group.create_task(asyncio.to_thread(head.up))
            # A subscriber that does not read is closed. The command has a deadline of its own, and
            # how long Ray takes to start is no part of how long the server takes to recover.
            await state(one, lambda _: up.done(), within=None)
        after = await state(one, lambda new: new.seq > away.seq and whole(new))
        assert before.session == away.session == after.session


def test_status_lists_the_models_and_down_takes_them_away(head: RayCluster) -> None:
    table = head.run("status")
    for name, model in models().items():
        row = next(line for line in table.splitlines() if name in line)
        for cell in ("RUNNING", "1 running", model.card.version, model.card.sha256[:12]):
            assert cell in row

    head.run("down")
    with (
        ModelCluster(models_onnx.folders(), head.ingress, lambda code: None) as cluster,
        pytest.raises(ModelError, match=next(iter(models_onnx.folders()))),
    ):
        cluster.check()
