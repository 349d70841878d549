"""A session that asks for it says what its states rest on."""

import asyncio

import msgspec
import pytest
from msgspec import UNSET

from esapr.protocol.messages import State, Text
from esapr.protocol.requests import SessionRequest
from esapr.server.metrics import Metrics
from esapr.server.pipeline import running_pipeline
from esapr.server.sessions.endings import revoked
from esapr.server.sessions.outbox import Broadcast
from esapr.server.sessions.session import Session
from tests.server.sessions.hosts import host
from tests.serving import CONSENT, models


async def states_of(**asked: object) -> list[State]:
    published: list[Broadcast] = []
    metrics = Metrics()
    with running_pipeline(models(), 1, metrics) as pipeline:
        async with asyncio.TaskGroup() as group:
            serving = group.create_task(pipeline.run())
            wanted = {"consent": CONSENT, "modalities": ["text"], **asked}
            request = msgspec.convert(wanted, SessionRequest)
            session = Session("s", request, host(pipeline, metrics, published.append), "")
            running = group.create_task(session.run())
            await asyncio.sleep(0.5)
            session.add_text(Text("I love this, thank you so much!"))
            await asyncio.sleep(9.0)
            session.add_text(Text("This makes me furious. I am so angry, I hate it!"))
            await asyncio.sleep(1.0)
            session.end(revoked("token:1"))
            await running
            serving.cancel()
    return [item.message for item in published if isinstance(item.message, State)]


async def test_a_state_that_is_explained_adds_up() -> None:
    explained = [state for state in await states_of(explain=True) if state.modalities.text]

    assert explained
    for state in explained:
        assert state.explanation is not UNSET
        assert sum(state.explanation.raw) == pytest.approx(1.0, abs=1e-3)
        shares = state.explanation.shares
        assert shares.keys() == {"text"}
        assert shares["text"].log_odds == pytest.approx(state.explanation.log_odds, abs=1e-3)
        assert shares["text"].weight > 0
    assert explained[0].explanation
    assert explained[0].explanation.first == "happy"


async def test_a_session_that_did_not_ask_is_told_nothing_of_it() -> None:
    assert {state.explanation for state in await states_of()} == {UNSET}


async def test_a_session_chooses_how_much_is_smoothed() -> None:
    sudden = (await states_of(smoothing_ms=0))[-1]
    slow = (await states_of(smoothing_ms=60_000))[-1]

    assert sudden.fused is not None
    assert sudden.fused.label == "angry"
    assert slow.fused is None or slow.fused.label == "happy"
