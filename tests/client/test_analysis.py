"""Files that the SDK sends to a real server."""

from contextlib import aclosing

import pytest

from esapr.client import Client, EsaprError, RefusedError, consent
from esapr.load_tests import PORTRAIT
from esapr.protocol.analyses import AnalysisDone, Page, Progress
from esapr.protocol.messages import State
from tests.client.cutting_proxy import cutting_proxy
from tests.server.analyses.written import encrypted_pdf, pdf
from tests.server.http.files import WAITING
from tests.serving import running_server

pytestmark = pytest.mark.real_time

RECEIPT = consent("test participant", text_version="2026-11", method="test")


async def test_a_clip_becomes_states_and_a_summary() -> None:
    async with running_server() as server, Client(server.url) as client:
        found = [
            each
            async for each in client.analyse(
                PORTRAIT, "video/webm", consent=RECEIPT, participant="Zoë"
            )
        ]
    states = [each for each in found if isinstance(each, State)]
    assert [state.seq for state in states] == list(range(12))
    assert {state.participant for state in states} == {"Zoë"}
    assert any(isinstance(each, Progress) for each in found)
    assert isinstance(found[-1], AnalysisDone)
    assert found[-1].summary.labels == {"happy": 12}


async def test_a_document_becomes_pages() -> None:
    async with running_server() as server, Client(server.url) as client:
        analysis = client.analyse(
            pdf("I am so happy!", ""), "application/pdf", consent=RECEIPT, modalities=["text"]
        )
        found = [each async for each in analysis]
    assert [each.number for each in found if isinstance(each, Page)] == [1, 2]


async def test_killed_connections_cost_no_state_and_double_none() -> None:
    async with (
        running_server() as server,
        cutting_proxy(server.url) as proxy,
        Client(proxy.url) as client,
    ):
        seqs = []
        async for each in client.analyse(PORTRAIT, "video/webm", consent=RECEIPT):
            if isinstance(each, State):
                seqs.append(each.seq)
                if each.seq in (2, 7):
                    proxy.cut()
    assert seqs == list(range(12))


async def test_a_loop_that_is_left_stops_the_analysis() -> None:
    async with running_server() as server, Client(server.url) as client:
        async with aclosing(client.analyse(WAITING, "audio/wav", consent=RECEIPT)) as found:
            await anext(found)
        assert b'esapr_analyses_total{outcome="stopped"} 1.0' in server.metrics.text()


@pytest.mark.parametrize(
    ("file", "media_type", "code"),
    [
        (b"x", "application/zip", "media_unsupported"),
        (encrypted_pdf("secret", "password"), "application/pdf", "document_encrypted"),
    ],
)
async def test_what_cannot_be_analysed_says_why(file: bytes, media_type: str, code: str) -> None:
    async with running_server() as server, Client(server.url) as client:
        with pytest.raises(RefusedError, match=code):
            async for _ in client.analyse(file, media_type, consent=RECEIPT):
                pass


async def test_no_file_is_taken_without_consent() -> None:
    async with running_server() as server, Client(server.url) as client:
        with pytest.raises(EsaprError, match="consent_required"):
            await anext(client.analyse(b"All is well.", "text/plain", consent=None))
