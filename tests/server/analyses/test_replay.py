"""Recordings to states, with the shipped models: what live media would have shown."""

import asyncio
import os
import wave
from pathlib import Path

import aiohttp
import numpy as np
import pytest
from yarl import URL

from esapr.inference.batching import DropReason
from esapr.inference.scoring import NotRunError
from esapr.load_tests import PORTRAIT
from esapr.load_tests.gateway import Gateway
from esapr.load_tests.media import encode_clip
from esapr.load_tests.participant import play
from esapr.protocol.analyses import AnalysisMessage
from esapr.protocol.codec import Format, encode
from esapr.protocol.messages import State
from esapr.server.analyses.formats import format_of_file
from esapr.server.analyses.opening import open_file, work_on
from esapr.server.analyses.patience import patiently
from esapr.server.analyses.subject import Subject
from tests.server.analyses.recorded import portrait, recording, speech
from tests.server.analyses.working import means, shown
from tests.server.media.clips import empty_room
from tests.serving import running_server

real_time = pytest.mark.real_time


def states(found: list[AnalysisMessage]) -> list[State]:
    return [each for each in found if isinstance(each, State)]


@real_time
async def test_a_clip_gives_the_states_that_live_media_give() -> None:
    async with means() as using:
        found, summary = await shown(PORTRAIT, PORTRAIT.name, using)
    made = states(found)

    assert [(s.seq, s.t_start_ms, s.t_end_ms) for s in made] == [
        (n, n * 1000, (n + 1) * 1000) for n in range(12)
    ]
    assert {s.fused.label for s in made if s.fused} == {"happy"}
    assert all(s.modalities.face and s.modalities.face.coverage == 1.0 for s in made)
    assert {(s.session, s.participant, s.level) for s in made} == {
        ("an analysis", "somebody", "full")
    }
    assert summary.labels == {"happy": 12}
    assert summary.abstained == {}
    assert (summary.coverage["face"], summary.coverage["text"]) == (1.0, 0.0)
    assert summary.coverage["voice"] > 0.8
    assert summary.duration_ms == pytest.approx(12_000, abs=50)
    # The clip's eyelids close four times; its six sentences last eight seconds.
    assert summary.blinks == 4
    assert summary.speech_ms == pytest.approx(8_300, abs=800)
    assert (summary.totals.states, summary.totals.windows, summary.damaged) == (12, 12, 0)
    assert summary.totals.frames >= 120


@real_time
async def test_two_runs_give_the_same_bytes() -> None:
    async with means() as using:
        runs = [await shown(PORTRAIT, PORTRAIT.name, using) for _ in range(2)]
        together = await asyncio.gather(
            *(shown(PORTRAIT.read_bytes(), PORTRAIT.name, using) for _ in range(2))
        )
    alone, *others = [
        (b"".join(encode(each, Format.JSON) for each in found), summary)
        for found, summary in [*runs, *together]
    ]
    for other in others[:1]:
        assert other == alone
    # In larger batches sums are rounded differently.
    for found, summary in together:
        assert summary.labels == runs[0][1].labels
        assert summary.totals == runs[0][1].totals
        assert len(found) == len(runs[0][0])


def mean(made: list[State], modality: str) -> np.ndarray:
    parts = [getattr(s.modalities, modality) for s in made]
    return np.mean([part.probs for part in parts if part], axis=0)


@real_time
async def test_a_clip_played_live_shows_what_it_shows_analysed() -> None:
    async with means() as using:
        found, _ = await shown(PORTRAIT, PORTRAIT.name, using)
    analysed = states(found)
    live: list[State] = []
    async with running_server() as server, aiohttp.ClientSession() as http:
        gateway = Gateway(http, URL(server.url))
        async with play(gateway, encode_clip(PORTRAIT), name="live") as participant:
            async for message in participant.feed:
                if isinstance(message, State) and message.modalities.face:
                    live.append(message)
                # Then the clip begins anew, in the middle of a window of sound.
                if len(live) == 12:
                    break

    settled = live[2:]
    assert {s.fused.label for s in settled if s.fused} == {"happy"}
    # The same pictures and windows, at other phases of the clip, encoded as they are.
    assert np.abs(mean(settled, "face") - mean(analysed, "face")).max() < 0.03
    assert np.abs(mean(settled, "voice") - mean(analysed, "voice")).max() < 0.2
    for modality in ("face", "voice"):
        one, other = (
            np.mean([part.coverage for s in made if (part := getattr(s.modalities, modality))])
            for made in (settled, analysed)
        )
        assert one == pytest.approx(other, abs=0.15)


@real_time
async def test_what_changes_in_a_recording_changes_in_its_states_in_that_order() -> None:
    data = recording("silent.mp4", 12.0, pictures=(empty_room(), portrait(), empty_room()))
    async with means() as using:
        found, summary = await shown(data, "silent.mp4", using)

    said = [
        s.fused.label if s.fused else str(s.abstain and s.abstain.reason) for s in states(found)
    ]
    assert said[:4] == ["warming_up"] * 3 + ["no_face"]
    assert said[4:8] == ["happy"] * 4
    # Evidence of a face is forgotten after two seconds.
    assert said[10:] == ["no_face"] * 2
    assert summary.abstained["no_face"] >= 3


@real_time
@pytest.mark.parametrize(
    ("seconds", "count"), [(0.3, 1), (1.4, 1), (1.6, 2), (4.0, 4), (4.45, 4), (4.6, 5)]
)
async def test_there_are_as_many_states_as_whole_ticks(seconds: float, count: int) -> None:
    samples = np.repeat(speech(seconds), 3)[None]
    async with means() as using:
        found, summary = await shown(
            recording("sound.wav", seconds, samples=samples), "sound.wav", using
        )

    assert len(found) == summary.totals.states == count
    assert summary.duration_ms == pytest.approx(seconds * 1000, abs=1)


@real_time
async def test_silence_abstains_and_says_why(tmp_path: Path) -> None:
    async with means() as using:
        found, summary = await shown(
            recording("sound.flac", 6.0, samples=np.zeros((1, 288_000), np.float32)),
            "sound.flac",
            using,
        )

    assert summary.labels == {}
    assert summary.abstained == {"warming_up": 3, "no_speech": 3}
    assert summary.speech_ms == 0
    assert all(state.fused is None for state in states(found))


@real_time
async def test_speech_in_the_last_seconds_is_heard() -> None:
    samples = np.concatenate([np.zeros(3 * 16_000, np.float32), speech(2.0)])
    async with means() as using:
        found, summary = await shown(
            recording("sound.flac", 5.0, samples=np.repeat(samples, 3)[None]), "x.flac", using
        )

    assert summary.speech_ms > 1_000
    assert states(found)[-1].modalities.voice


@real_time
async def test_a_tick_of_a_quarter_of_a_second() -> None:
    async with means() as using:
        found, _ = await shown(
            recording("silent.mp4", 2.0, pictures=(portrait(),)), "silent.mp4", using, tick_ms=250
        )

    assert [state.t_end_ms for state in states(found)] == list(range(250, 2_001, 250))


def resident_mb() -> float:
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 1e6


@real_time
async def test_three_hours_take_no_more_memory_than_ten_minutes(tmp_path: Path) -> None:
    path = tmp_path / "night.wav"
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(8_000)
        for _ in range(180):
            file.writeframes(bytes(2 * 8_000 * 60))
    count, early = 0, 0.0
    async with means() as using:
        subject = Subject("night", "sleeper", ("voice",), 5_000)
        opened = open_file(path, format_of_file(path), longest=86_400.0)
        async for _ in work_on(opened, subject, using).found():
            count += 1
            early = resident_mb() if count == 120 else early

    assert count == 2_160
    assert resident_mb() - early < 20


async def test_where_a_model_has_no_place_a_file_waits_and_tries_again() -> None:
    refusals = [NotRunError(DropReason.OVERLOADED), NotRunError(DropReason.STALE)]

    async def score(item: str) -> str:
        if refusals:
            raise refusals.pop()
        return item.upper()

    assert await patiently(score, "scored") == "SCORED"
    assert asyncio.get_running_loop().time() == 0.5
