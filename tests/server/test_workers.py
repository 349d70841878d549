"""A session outlives the death of a worker, be it a process, a thread or a device."""

import os
import signal
from collections.abc import Sequence
from functools import cache
from pathlib import Path

import aiohttp
import pytest
from yarl import URL

from esapr import models_onnx
from esapr.inference.cards import Arrays, ModelCard
from esapr.inference.devices import CPU, Device
from esapr.inference.models import Model
from esapr.load_tests import PORTRAIT
from esapr.load_tests.gateway import Gateway
from esapr.load_tests.media import EncodedClip, encode_clip
from esapr.load_tests.participant import Participant, play
from esapr.protocol.messages import State
from esapr.server.app import serve
from esapr.server.config import ServerConfig
from esapr.server.pipeline import InstalledModel, load_models
from esapr.web_client import STATIC
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


async def test_sessions_outlive_a_worker_process_that_is_killed() -> None:
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


class Mortal:
    """A model whose next batch ends the thread that runs it when told to."""

    def __init__(self, model: Model) -> None:
        self._model = model
        self.deaths = 0

    @property
    def card(self) -> ModelCard:
        return self._model.card

    @property
    def devices(self) -> Sequence[Device]:
        return self._model.devices

    def warm_up(self, device: int) -> None:
        self._model.warm_up(device)

    def inputs(self, rows: int, device: int) -> Arrays | None:
        return self._model.inputs(rows, device)

    def run(self, batch: Arrays, device: int) -> Arrays:
        if self.deaths:
            self.deaths -= 1
            raise SystemExit
        return self._model.run(batch, device)


@pytest.mark.parametrize(
    ("devices", "deaths"),
    [([CPU], 2), ([Device(number=n, bound=True) for n in range(2)], 1)],
    ids=["threads of the processor", "one of two devices"],
)
@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
async def test_sessions_outlive_worker_threads_that_die(
    devices: list[Device], deaths: int, tmp_path: Path
) -> None:
    names = models_onnx.folders()
    installed = load_models(names, devices)
    mortal = Mortal(installed["face_landmarks"])
    models: dict[str, InstalledModel] = {**installed, "face_landmarks": mortal}
    config = ServerConfig(port=0, inference_threads=2, state_dir=str(tmp_path))
    async with (
        serve(config, STATIC, models) as server,
        aiohttp.ClientSession() as http,
    ):
        await server.ready.wait()
        async with play(Gateway(http, URL(server.url)), portrait(), name="one") as one:
            before = await next_with_face(one, after=-1)
            mortal.deaths = deaths
            state = await next_with_face(one, after=before.seq + 2)
            metrics = server.metrics.text().decode()

    assert state.session == before.session
    assert mortal.deaths == 0
    assert f"esapr_worker_restarts_total {deaths}.0" in metrics
    assert f'{{reason="failed",stage="face_landmarks"}} {deaths}.0' in metrics
