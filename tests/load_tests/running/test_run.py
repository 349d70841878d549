"""Processes of the harness, against a real server in this one."""

import asyncio
import os
import signal
from pathlib import Path

import aiohttp
import msgspec
import pytest
from yarl import URL

from esapr.load_tests import PORTRAIT
from esapr.load_tests.gateway import Gateway
from esapr.load_tests.reports.scraping import Scraping
from esapr.load_tests.result import Miss
from esapr.load_tests.running.crew import DriverError, crew
from esapr.load_tests.running.ledger import Ledger
from esapr.load_tests.running.profiles import load
from esapr.load_tests.running.run import run
from esapr.load_tests.running.schedule import stays
from esapr.load_tests.running.target import Target, own_server, serving
from esapr.load_tests.scenario import Fault, Scenario, ScenarioError, Thresholds
from tests.server.http.keyed import keyed_server, make
from tests.serving import running_server

SCENARIO = Scenario(
    name="try",
    peers=4,
    partners=2,
    seconds=6,
    processes=2,
    media="vp8-320x240@10",
    rooms=1,
    subscribers=1,
    thresholds=Thresholds(due_share=0.5, lost_sessions=0),
)


def driver_pids() -> list[int]:
    """Return the processes of the harness that this one has started, oldest first."""
    listed = Path(f"/proc/{os.getpid()}/task/{os.getpid()}/children").read_text()
    return [
        int(pid)
        for pid in listed.split()
        if b"esapr.load_tests.running.driver" in Path(f"/proc/{pid}/cmdline").read_bytes()
    ]


@pytest.mark.real_time
async def test_a_process_that_dies_is_reported_and_the_others_play_on(tmp_path: Path) -> None:
    killed: list[int] = []

    def kill_one(ledger: Ledger, _: Scraping, now: float) -> None:
        if not killed and ledger.present(now):
            killed.append(driver_pids()[1])
            os.kill(killed[0], signal.SIGKILL)

    async with keyed_server(tmp_path) as (_, keys, server):
        target = Target(server.url, make(keys, "load"))
        result = await run(SCENARIO, PORTRAIT, target, kill_one)

    failure = "harness process 1 ended with status -9"
    assert result.failures == [failure]
    assert {session.name: session.lost for session in result.sessions} == {
        "load-0": "",
        "load-1": failure,
        "load-2": "",
        "load-3": failure,
    }
    assert {session.kind for session in result.sessions} == {"webrtc", "partner"}
    whole = [session for session in result.sessions if not session.lost]
    assert all(session.received > 0 and session.modalities["face"] > 0 for session in whole)
    assert Miss("lost_sessions", 0, 2) in result.misses
    assert max(sample.sessions for sample in result.server) >= 2
    assert {"capture_to_state", "infer/face_landmarks"} <= {stage.name for stage in result.stages}
    assert result.batch_sizes["face_landmarks"]
    assert not result.summary.passed


@pytest.mark.real_time
async def test_a_run_that_is_broken_off_closes_its_sessions() -> None:
    playing = asyncio.Event()

    def note(ledger: Ledger, _: Scraping, now: float) -> None:
        if ledger.present(now):
            playing.set()

    scenario = msgspec.structs.replace(SCENARIO, peers=1, partners=0, processes=1, seconds=600.0)
    async with running_server() as server, asyncio.TaskGroup() as group:
        task = group.create_task(run(scenario, PORTRAIT, Target(server.url), note))
        await playing.wait()
        task.cancel()
        await asyncio.wait([task])
        async with aiohttp.ClientSession() as http:
            metrics = await Gateway(http, URL(server.url)).metrics()

    assert "esapr_sessions 0.0" in metrics
    assert driver_pids() == []


@pytest.mark.real_time
async def test_a_clip_that_cannot_be_read_ends_it_before_it_begins(tmp_path: Path) -> None:
    planned = stays(SCENARIO)

    with pytest.raises(DriverError, match="harness process 0 ended with status 1"):
        async with crew("http://127.0.0.1:9", None, tmp_path / "none.webm", SCENARIO, planned):
            pass

    assert driver_pids() == []


@pytest.mark.parametrize(
    ("change", "named"),
    [
        ({"network": "carrier-pigeon"}, "carrier-pigeon"),
        ({"chaos": (Fault("worker", 1),)}, "a server that the load test starts"),
    ],
)
async def test_what_cannot_be_done_is_refused_by_name(
    change: dict[str, object], named: str
) -> None:
    scenario = msgspec.structs.replace(SCENARIO, **change)

    with pytest.raises(ScenarioError, match=named):
        await run(
            scenario, PORTRAIT, Target("http://127.0.0.1:9"), lambda ledger, scraping, now: None
        )


def test_every_gateway_of_an_own_server_says_where_its_metrics_are() -> None:
    command, metrics = serving(3)

    port = int(command[1].removeprefix("ESAPR_INTERNAL_PORT="))
    assert metrics == [f"http://127.0.0.1:{port + index}/metrics" for index in range(3)]
    assert command[-2:] == ("--processes", "3")
    assert serving(1)[1] == []  # where it serves


async def test_a_fault_that_is_unknown_is_refused_before_a_server_starts() -> None:
    scenario = msgspec.structs.replace(SCENARIO, chaos=(Fault("flood", 1),))

    with pytest.raises(ScenarioError, match="there is no fault 'flood'"):
        async with own_server(scenario):
            pass


def test_sound_alone_is_played_as_long_as_the_clip() -> None:
    played = load(PORTRAIT, "audio-only")

    assert played.encoded.video is None
    assert played.encoded.audio is not None
    assert played.encoded.duration == played.duration == 12


def test_a_plain_sender_ignores_what_is_asked_for() -> None:
    plain, asked = load(PORTRAIT, "plain-vp8-640x480@15"), load(PORTRAIT, "vp8-640x480@15")

    assert plain.encoded.audio is not None
    assert asked.encoded.audio is not None
    assert len(plain.encoded.audio.packets) == 3 * len(asked.encoded.audio.packets)
    assert plain.encoded.video == asked.encoded.video
