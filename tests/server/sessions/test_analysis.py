"""What becomes of evidence that is still being scored, with the shipped models."""

import asyncio
import threading
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import numpy as np
import pytest

from esapr.inference.cards import Arrays, ModelCard
from esapr.inference.devices import Device
from esapr.inference.fusion import FusionConfig
from esapr.inference.models import Model
from esapr.inference.signals import Abstain, AudioWindow, Modality, Quality, TextLine
from esapr.inference.workers import ThreadWorkers
from esapr.server.metrics import Metrics
from esapr.server.pipeline import Pipeline
from esapr.server.sessions.analysis import FINISH_SECONDS, Analysis
from esapr.server.sessions.tally import Tally
from tests.serving import models

pytestmark = pytest.mark.real_time

ALL = tuple(Modality)
DATA = Path(__file__).parents[2] / "data"


class Held:
    """A model whose batches wait at a gate, and that says when one is there."""

    def __init__(self, model: Model) -> None:
        self._model = model
        self._loop = asyncio.get_running_loop()
        self.waiting = asyncio.Event()
        self.gate = threading.Event()

    @property
    def card(self) -> ModelCard:
        return self._model.card

    @property
    def devices(self) -> tuple[Device, ...]:
        return tuple(self._model.devices)

    def inputs(self, rows: int, device: int) -> Arrays | None:
        return self._model.inputs(rows, device)

    def run(self, batch: Arrays, device: int) -> Arrays:
        self._loop.call_soon_threadsafe(self.waiting.set)
        assert self.gate.wait(timeout=30), "the test never opened the gate"
        return self._model.run(batch, device)

    def warm_up(self, device: int) -> None:
        self._model.warm_up(device)


class Bench:
    """An analysis, one of whose models is held."""

    def __init__(self, analysis: Analysis, tally: Tally, held: Held) -> None:
        self.analysis = analysis
        self.tally = tally
        self.held = held

    async def until_analysed(self, modality: Modality) -> None:
        async with asyncio.timeout(30):
            while not self.tally.analysed[modality]:  # noqa: ASYNC110  # nothing announces it
                await asyncio.sleep(0.001)


@asynccontextmanager
async def analysing(name: str) -> AsyncIterator[Bench]:
    held, tally, metrics = Held(models()[name]), Tally(), Metrics()
    with ThreadWorkers(1) as workers:
        pipeline = Pipeline({**models(), name: held}, workers, metrics)
        analysis = Analysis(
            pipeline.analysers("s"),
            ALL,
            FusionConfig(smoothing_half_life=0.0),
            tally=tally,
            metrics=metrics,
            on_face=lambda *_: None,
        )
        async with asyncio.TaskGroup() as group:
            running = [group.create_task(pipeline.run()), group.create_task(analysis.run())]
            yield Bench(analysis, tally, held)
            held.gate.set()
            for task in running:
                task.cancel()


def speech(at: float) -> AudioWindow:
    """Three seconds of speech that end at ``at``."""
    with np.load(DATA / "speech.npz") as stored:
        samples = (stored["samples"] / 32768).astype(np.float32)
    return AudioWindow(at, np.resize(samples, 48_000))


@pytest.mark.parametrize("muted_at_the_end", [True, False])
async def test_a_window_that_is_being_scored_when_the_voice_is_muted_is_refused(
    muted_at_the_end: bool,
) -> None:
    async with analysing("voice_expression") as bench:
        bench.analysis.put_window(speech(3.0))
        await bench.held.waiting.wait()
        bench.analysis.mute(Modality.VOICE, True, 3.1)
        if not muted_at_the_end:
            bench.analysis.mute(Modality.VOICE, False, 3.2)
        bench.held.gate.set()
        await bench.until_analysed(Modality.VOICE)
        assert bench.analysis.state_at(3.0, 4.0).modalities == {}


async def test_what_waits_when_its_modality_is_muted_is_neither_scored_nor_lost_uncounted() -> None:
    async with analysing("text_expression") as bench:
        for number in range(4):
            assert bench.analysis.put_line(TextLine(1.0 + number, "what a wonderful day!"))
        await bench.held.waiting.wait()
        bench.analysis.mute(Modality.TEXT, True, 5.0)
        bench.analysis.mute(Modality.TEXT, False, 5.1)
        assert bench.analysis.put_line(TextLine(5.2, "what a wonderful day!"))
        bench.held.gate.set()
        await bench.analysis.finish()
        assert bench.tally.dropped[Modality.TEXT] == 3
        assert bench.analysis.state_at(5.0, 6.0).modalities[Modality.TEXT].count == 1


async def test_a_window_that_is_being_scored_when_the_session_pauses_counts() -> None:
    async with analysing("voice_expression") as bench:
        bench.analysis.put_window(speech(3.0))
        await bench.held.waiting.wait()
        bench.analysis.pause(True, 3.1)
        bench.analysis.put_window(speech(3.2))
        bench.held.gate.set()
        await bench.until_analysed(Modality.VOICE)
        assert bench.analysis.state_at(3.0, 3.3).modalities == {}
        bench.analysis.pause(False, 3.3)
        # Its sound reaches into the pause.
        bench.analysis.put_window(speech(4.0))
        await bench.analysis.finish()
        assert bench.tally.analysed[Modality.VOICE] == 1
        assert bench.analysis.state_at(3.3, 4.3).modalities[Modality.VOICE].count == 1


async def test_an_end_waits_for_what_was_taken_in_but_not_for_ever(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    assert FINISH_SECONDS == 2.0
    monkeypatch.setattr("esapr.server.sessions.analysis.FINISH_SECONDS", 0.05)
    async with analysing("text_expression") as bench:
        for number in range(3):
            assert bench.analysis.put_line(TextLine(1.0 + number, "what a wonderful day!"))
        await bench.held.waiting.wait()
        await bench.analysis.finish()
        assert bench.tally.dropped[Modality.TEXT] == 3


async def test_a_line_in_another_language_is_not_scored_and_the_state_says_so() -> None:
    async with analysing("text_expression") as bench:
        bench.held.gate.set()
        assert bench.analysis.put_line(TextLine(5.0, "Ich bin so wütend auf dich!"))
        await bench.analysis.finish()
        state = bench.analysis.state_at(5.0, 6.0)
        assert (state.fused, state.abstain) == (None, Abstain.UNSUPPORTED_LANGUAGE)
        assert bench.analysis.quality() == {Quality.UNSUPPORTED_LANGUAGE}
        assert bench.tally.dropped[Modality.TEXT] == 0

        assert bench.analysis.put_line(TextLine(6.5, "What a wonderful day!"))
        await bench.analysis.finish()
        assert bench.analysis.state_at(6.0, 7.0).fused
        assert bench.analysis.quality() == set()
