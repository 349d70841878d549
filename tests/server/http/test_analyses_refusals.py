"""Files that a server does not take, and results that are not for everybody."""

import asyncio
import json
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from esapr.protocol import limits
from esapr.protocol.analyses import AnalysisDone
from tests.server.analyses.recorded import recording
from tests.server.http.files import HAPPY, PATH, WAITING, bearer, client, refusal
from tests.server.http.keyed import keyed_server, make
from tests.serving import CONSENT

pytestmark = pytest.mark.real_time


@pytest.mark.parametrize(
    ("data", "kind", "status", "code"),
    [
        (b"", "audio/wav", 400, "media_invalid"),
        (b"\0" * 10_000, "video/mp4", 400, "media_invalid"),
        (b"no picture", "image/png", 400, "media_invalid"),
        (b"x", "application/zip", 415, "media_unsupported"),
        (b"x", "application/octet-stream", 415, "media_unsupported"),
    ],
)
async def test_what_cannot_be_opened_is_refused_at_once(
    data: bytes, kind: str, status: int, code: str
) -> None:
    async with client() as (sender, _):
        assert await refusal(await sender.post(data, kind)) == (status, code, None)


async def test_a_compressed_body_is_refused() -> None:
    async with client() as (sender, _):
        answer = await sender.post(b"x", "text/plain", {"Content-Encoding": "deflate"})
        assert await refusal(answer) == (415, "media_unsupported", None)


@pytest.mark.parametrize(
    ("header", "status", "code", "field"),
    [
        ("{}", 403, "consent_required", "consent"),
        ("", 400, "bad_message", None),
        ("[]", 400, "bad_message", None),
        ('{"consent": {"subject": "x"}}', 400, "config_invalid", "consent.text_version"),
        ('{"mood": 1}', 400, "config_invalid", "mood"),
        ('{"tick_ms": 99}', 400, "config_invalid", "tick_ms"),
    ],
)
async def test_a_file_needs_consent_and_a_request_without_faults(
    header: str, status: int, code: str, field: str | None
) -> None:
    async with client() as (sender, _):
        answer = await sender.http.post(
            PATH, data=b"x", headers={"Content-Type": "text/plain", "Esapr-Analysis": header}
        )
        assert await refusal(answer) == (status, code, field)
        answer = await sender.http.post(PATH, data=b"x", headers={"Content-Type": "text/plain"})
        assert (await refusal(answer))[:2] == (403, "consent_required")


async def test_a_server_that_writes_no_speech_down_says_so_before_it_reads_the_file() -> None:
    async with client() as (sender, _):
        answer = await sender.post(b"", "audio/wav", transcribe=True)
        assert await refusal(answer) == (400, "config_invalid", "transcribe")
        assert "writes no speech down" in await answer.text()


async def parts(data: bytes) -> AsyncIterator[bytes]:
    """Send ``data`` without saying before how long it is."""
    for start in range(0, len(data), 2**20):
        yield data[start : start + 2**20]


async def test_a_file_at_the_limit_is_read_and_one_past_it_is_not() -> None:
    most = limits.MAX_ANALYSIS_BYTES
    async with client() as (sender, _):
        # At the limit it is opened, and is no sound.
        at_limit = await sender.post(bytes(most), "audio/flac")
        assert await refusal(at_limit) == (400, "media_invalid", None)
        over = await sender.post(bytes(most + 1), "audio/flac")
        assert await refusal(over) == (413, "message_too_big", None)
        silently = await sender.post(parts(bytes(most + 1)), "audio/flac")
        assert await refusal(silently) == (413, "message_too_big", None)


async def test_a_recording_past_the_limit_of_time_is_refused() -> None:
    seconds = limits.MAX_RECORDING_SECONDS + 1.0
    async with client() as (sender, _):
        sent = await sender.post(recording("sound.wav", seconds, rate=8_000), "audio/wav")
        assert await refusal(sent) == (413, "recording_too_long", None)


async def test_a_full_server_refuses_and_takes_the_next_when_one_is_forgotten() -> None:
    async with client() as (sender, _):
        sent = [await sender.send(WAITING, "audio/wav") for _ in range(limits.MAX_ANALYSES)]
        refused = await sender.post(b"Hello.", "text/plain")
        assert await refusal(refused) == (503, "overloaded", None)
        assert refused.headers["Retry-After"]
        stages = [(await sender.info(each)).stage for each in sent]
        assert stages.count("running") <= limits.ANALYSES_AT_A_TIME
        assert stages.count("waiting") >= limits.MAX_ANALYSES - limits.ANALYSES_AT_A_TIME
        assert await sender.forget(sent[0]) == 204
        later = await sender.send(HAPPY.encode(), "text/plain")
        for each in sent[1:]:
            assert await sender.forget(each) == 204
        assert isinstance((await sender.all_events(later))[-1][1], AnalysisDone)


async def test_a_result_is_for_whoever_has_the_token() -> None:
    async with client() as (sender, _):
        sent = await sender.send(HAPPY.encode(), "text/plain")
        other = await sender.send(HAPPY.encode(), "text/plain")
        for headers in ({}, bearer(other)):
            for path in (sent["url"], sent["events_url"]):
                answer = await sender.http.get(path, headers=headers)
                assert await refusal(answer) == (401, "token_invalid", None)
            answer = await sender.http.delete(sent["url"], headers=headers)
            assert await refusal(answer) == (401, "token_invalid", None)
        session = await sender.http.get(f"/v1/sessions/{sent['analysis_id']}", headers=bearer(sent))
        assert (await refusal(session))[:2] == (404, "not_found")


async def test_another_sites_page_cannot_send_a_file() -> None:
    async with client() as (sender, _):
        answer = await sender.post(b"Hello.", "text/plain", {"Origin": "https://elsewhere.example"})
        assert (await refusal(answer))[:2] == (401, "token_invalid")


async def test_elsewhere_than_on_loopback_a_file_needs_a_key(tmp_path: Path) -> None:
    wanted = json.dumps({"purpose": "telehealth", "jurisdiction": "DE", "consent": CONSENT})
    headers = {"Content-Type": "text/plain", "Esapr-Analysis": wanted}
    async with keyed_server(tmp_path, host="0.0.0.0") as (http, keys, _):
        answer = await http.post(PATH, data=b"x", headers=headers)
        assert (await refusal(answer))[:2] == (404, "not_found")
        answer = await http.post("/v1/analyses", data=b"x", headers=headers)
        assert (await refusal(answer))[:2] == (401, "token_invalid")
        authorised = headers | {"Authorization": f"Bearer {make(keys, 'partner')}"}
        answer = await http.post("/v1/analyses", data=HAPPY.encode(), headers=authorised)
        assert answer.status == 202
        refused = json.dumps({"purpose": "recruitment", "jurisdiction": "DE", "consent": CONSENT})
        answer = await http.post(
            "/v1/analyses", data=b"x", headers=authorised | {"Esapr-Analysis": refused}
        )
        assert (await refusal(answer))[:2] == (403, "policy_refused")


async def test_a_wrong_event_id_is_named() -> None:
    async with client() as (sender, _):
        sent = await sender.send(HAPPY.encode(), "text/plain")
        answer = await sender.http.get(
            sent["events_url"], headers=bearer(sent) | {"Last-Event-ID": "later"}
        )
        assert await refusal(answer) == (400, "config_invalid", "Last-Event-ID")


async def test_a_sender_that_stalls_is_not_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "UPLOAD_SECONDS", 0.1)
    stalled = asyncio.Event()

    async def slowly() -> AsyncIterator[bytes]:
        yield b"RIFF"
        await stalled.wait()

    async with client() as (sender, _):
        answer = await sender.post(slowly(), "audio/wav")
        assert await refusal(answer) == (408, "too_slow", None)
        stalled.set()
