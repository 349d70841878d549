import io

import aiohttp
import pytest
from msgspec.structs import replace
from rich.console import Console

from esapr.load_tests.reports.scraping import Scraping
from esapr.load_tests.reports.terminal import Moment, Progress, show_result
from esapr.load_tests.result import Miss, ServerSample
from esapr.load_tests.running.ledger import Ledger, Totals
from esapr.load_tests.running.schedule import Stay
from tests.load_tests.reports.runs import SCENARIO, run

TOTALS = Totals(
    sessions=16,
    due=640,
    received=638,
    fused=600,
    judged=500,
    right=480,
    lost_sessions=1,
    reconnects=2,
    p50_ms=240,
    p95_ms=610,
    p99_ms=None,
)
SERVER = ServerSample(
    at_seconds=40,
    cpu_cores=1.25,
    memory_mb=512,
    threads=40,
    feeds=16,
    sessions=16,
    media_peers=16,
    pending={"face_landmarks": 3, "voice_expression": 0},
)


def moment(at_seconds: float, server: ServerSample | None = SERVER) -> Moment:
    return Moment(at_seconds, 15, TOTALS, server, {"face/stale": 3})


def console(*, terminal: bool) -> Console:
    return Console(file=io.StringIO(), force_terminal=terminal, width=100, color_system=None)


def written(to: Console) -> str:
    assert isinstance(to.file, io.StringIO)
    return to.file.getvalue()


def test_a_terminal_shows_how_many_how_late_and_at_what_cost() -> None:
    screen = console(terminal=True)

    with Progress(SCENARIO, screen) as progress:
        progress.show(moment(40))
        shown = written(screen)

    assert all(len(row) < 100 for row in shown.splitlines())
    for words in (
        "40 of 68 s",
        "15 playing, 1 lost, 2 feeds broke",
        "638 of 640 due (99.69 %)",
        "p50 240 ms, p95 610 ms, p99 -",
        "96.00 % of 500 judged",
        "1.25 cores, 512 MB",
        "waiting: face_landmarks 3",
        "face/stale 3",
    ):
        assert words in shown


def test_without_a_terminal_it_is_a_line() -> None:
    log = console(terminal=False)

    with Progress(SCENARIO, log) as progress:
        progress.show(moment(10))

    assert written(log) == (
        "10 s: 15 sessions, 638 of 640 states, p50 240 ms, p95 610 ms, 1 lost, server 1.25 cores\n"
    )


@pytest.mark.parametrize(
    ("terminal", "peers", "times"), [(False, 16, 3), (True, 16, 25), (True, 500, 3)]
)
async def test_it_is_shown_as_often_as_that_costs_little(
    *, terminal: bool, peers: int, times: int
) -> None:
    shown: list[Moment] = []

    class Counting(Progress):
        def show(self, moment: Moment) -> None:
            shown.append(moment)

    scenario = replace(SCENARIO, peers=peers)
    ledger = Ledger([Stay(0, "load-0", "webrtc", "", 0, 60)])
    async with aiohttp.ClientSession() as http:
        progress = Counting(scenario, console(terminal=terminal))
        for now in range(25):
            progress.watch(ledger, Scraping(http, []), now)

    assert len(shown) == times
    assert (shown[-1].server, shown[-1].drops) == (None, {})
    assert shown[-1].totals.due == shown[-1].at_seconds - 1  # the last second is on its way


def test_a_server_that_says_nothing_is_no_obstacle() -> None:
    screen = console(terminal=True)

    with Progress(SCENARIO, screen) as progress:
        progress.show(moment(1, server=None))
        assert "its metrics could not be read" in written(screen)


def test_the_end_says_what_was_wanted_measured_and_missed() -> None:
    paper = console(terminal=False)

    show_result(replace(run(misses=[Miss("lost_sessions", 0, 1)]), failures=["it died"]), paper)

    lines = [line.strip() for line in written(paper).splitlines()]
    rows = {
        cells[0].strip(): [cell.strip() for cell in cells[1:]]
        for line in lines
        if len(cells := line.strip("│").split("│")) == 4
    }
    assert rows["capture to arrival, p95"] == ["640 ms", "≤ 1,500 ms", "kept"]
    assert rows["sessions lost"] == ["1", "≤ 0", "missed"]
    assert rows["coverage"] == ["93.75 %", "", ""]
    assert "peer 2 lacks 3 of 60 states, lost: ICE consent expired" in lines
    assert any(line.startswith("gateway at 40 s: 0 sessions and 2 states lost") for line in lines)
    assert lines[-2:] == ["it died", "failed"]
