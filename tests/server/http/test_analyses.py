"""Files sent to a real server: progress, results, and what is left of them."""

import asyncio
import sys
from pathlib import Path

import pytest
import structlog

from esapr.load_tests import PORTRAIT
from esapr.protocol import limits
from esapr.protocol.analyses import AnalysisDone, Page, Progress
from esapr.protocol.messages import Error, State
from esapr.server import logs
from tests.server.analyses.recorded import recording
from tests.server.analyses.written import encrypted_pdf, pdf
from tests.server.http.files import HAPPY, WAITING, bearer, client, refusal

pytestmark = pytest.mark.real_time


async def test_a_clip_is_taken_analysed_and_summed_up() -> None:
    async with client() as (sender, _):
        sent = await sender.send(PORTRAIT.read_bytes(), "video/webm", participant="Ada")
        events = await sender.all_events(sent)
        info = await sender.info(sent)

    states = [message for _, message in events if isinstance(message, State)]
    assert [number for number, _ in events if number is not None] == list(range(12))
    assert [state.seq for state in states] == list(range(12))
    assert {state.participant for state in states} == {"Ada"}
    assert {state.session for state in states} == {sent["analysis_id"]}
    fractions = [message.fraction for _, message in events if isinstance(message, Progress)]
    assert fractions == sorted(fractions)
    assert len(set(fractions)) > 5
    assert fractions[-1] == 1.0
    _, done = events[-1]
    assert isinstance(done, AnalysisDone)
    assert done.summary.labels == {"happy": 12}
    assert done.summary.blinks == 4
    assert (info.stage, info.fraction, info.summary) == ("done", 1.0, done.summary)
    assert info.states == states
    assert sent["kept_seconds"] == limits.RESULT_SECONDS


async def test_a_document_is_analysed_page_by_page() -> None:
    async with client() as (sender, _):
        sent = await sender.send(pdf(HAPPY, "", HAPPY), "application/pdf")
        events = await sender.all_events(sent)
        info = await sender.info(sent)

    pages = [message for _, message in events if isinstance(message, Page)]
    assert [(page.number, page.fused and page.fused.label) for page in pages] == [
        (1, "happy"),
        (2, None),
        (3, "happy"),
    ]
    assert info.pages == pages
    assert info.states == []


async def test_modalities_and_tick_are_those_that_were_asked_for() -> None:
    async with client() as (sender, _):
        data = recording("video.webm", 2.0)
        sent = await sender.send(data, "video/webm", modalities=["voice"], tick_ms=500)
        await sender.all_events(sent)
        info = await sender.info(sent)

    assert [state.t_end_ms for state in info.states] == [500, 1000, 1500, 2000]
    assert info.summary
    assert (info.summary.totals.frames, info.summary.totals.windows) == (0, 2)


async def test_a_reader_that_comes_back_goes_on_where_it_was() -> None:
    async with client() as (sender, _):
        sent = await sender.send(PORTRAIT.read_bytes(), "video/webm")
        async with sender.events(sent) as events:
            async for number, _ in events:
                if number == 4:
                    break
        rest = await sender.all_events(sent, last=4)
        nothing = await sender.all_events(sent, last=11)

    assert [number for number, _ in rest if number is not None] == list(range(5, 12))
    assert isinstance(rest[-1][1], AnalysisDone)
    assert not any(isinstance(message, State) for _, message in nothing)


async def test_what_is_found_out_later_is_told_in_the_result() -> None:
    async with client() as (sender, _):
        sent = await sender.send(encrypted_pdf(HAPPY, "secret"), "application/pdf")
        events = await sender.all_events(sent)
        info = await sender.info(sent)

    assert isinstance(events[-1][1], Error)
    assert events[-1][1].code == "document_encrypted"
    assert info.stage == "failed"
    assert info.error
    assert info.error.code == "document_encrypted"


async def test_forgetting_stops_an_analysis_and_tells_its_readers() -> None:
    async with client() as (sender, server):
        sent = await sender.send(WAITING, "audio/wav")
        async with sender.events(sent) as events:
            await anext(events)
            assert await sender.forget(sent) == 204
            messages = [message async for _, message in events]
        assert isinstance(messages[-1], Error)
        assert messages[-1].code == "session_closed"
        answer = await sender.http.get(sent["url"], headers=bearer(sent))
        assert await refusal(answer) == (404, "not_found", None)
        assert b'esapr_analyses_total{outcome="stopped"} 1.0' in server.metrics.text()


async def test_a_file_that_is_forgotten_before_it_began_leaves_its_place() -> None:
    async with client() as (sender, _):
        for _ in range(limits.MAX_ANALYSES + 1):
            sent = await sender.send(HAPPY.encode(), "text/plain")
            assert await sender.forget(sent) == 204


async def test_lines_of_the_log_keep_its_rule(capsys: pytest.CaptureFixture[str]) -> None:
    logs.configure(json=True)
    try:
        async with client() as (sender, _):
            sent = await sender.send(encrypted_pdf(HAPPY, "secret"), "application/pdf")
            await sender.all_events(sent)
            await sender.forget(sent)
    finally:
        structlog.reset_defaults()
    assert f'"analysis": "{sent["analysis_id"]}"' in capsys.readouterr().err


async def test_old_results_go_when_there_are_too_many(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "MAX_RESULTS", 2)
    async with client() as (sender, _):
        sent = []
        for _ in range(3):
            sent.append(await sender.send(HAPPY.encode(), "text/plain"))
            await sender.all_events(sent[-1])
        answers = [
            (await sender.http.get(each["url"], headers=bearer(each))).status for each in sent
        ]
        assert answers == [404, 200, 200]


async def test_a_result_goes_after_its_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "RESULT_SECONDS", 0)
    async with client() as (sender, server):
        sent = await sender.send(HAPPY.encode(), "text/plain")
        async with asyncio.timeout(30):
            while (await sender.http.get(sent["url"], headers=bearer(sent))).status != 404:  # noqa: ASYNC110
                await asyncio.sleep(0.01)
        assert b'esapr_analyses_total{outcome="done"} 1.0' in server.metrics.text()


async def test_a_stopping_server_stops_its_analyses() -> None:
    async with client() as (sender, server):
        await sender.send(WAITING, "audio/wav")
    assert b'esapr_analyses_total{outcome="stopped"} 1.0' in server.metrics.text()


async def test_events_are_repeated_in_silence_and_readers_are_counted() -> None:
    async with client(silence_timeout=1.0) as (sender, _):
        blocking = [await sender.send(WAITING, "audio/wav") for _ in range(2)]
        sent = await sender.send(WAITING, "audio/wav")
        async with sender.events(sent) as events:
            said = [(await anext(events))[1] for _ in range(3)]
        assert said == [Progress(sent["analysis_id"], "waiting", 0.0)] * 3
        for each in (*blocking, sent):
            await sender.forget(each)


WRITING = frozenset("wxa+")


async def test_nothing_of_a_file_touches_a_disk() -> None:
    written: list[object] = []
    watching = False

    def audit(event: str, arguments: tuple[object, ...]) -> None:
        path, mode = arguments[:2] if event == "open" else (None, None)
        # The audit log says that a file was analysed, and nothing of what is in it.
        writes = isinstance(path, str) and isinstance(mode, str) and WRITING & set(mode)
        if watching and writes and "audit" not in Path(str(path)).parts:
            written.append(path)
        if watching and event in ("os.mkdir", "tempfile.mkstemp", "tempfile.mkdtemp"):
            written.append(arguments[0])

    sys.addaudithook(audit)
    try:
        async with client() as (sender, _):
            watching = True
            for data, kind in (
                (PORTRAIT.read_bytes(), "video/webm"),
                (pdf(HAPPY), "application/pdf"),
            ):
                events = await sender.all_events(await sender.send(data, kind))
                assert isinstance(events[-1][1], AnalysisDone)
            watching = False
    finally:
        watching = False
    assert written == []
