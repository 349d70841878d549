"""A gateway that may have lost a session to another one gives none of its numbers away."""

import asyncio

import msgspec

from esapr.protocol.messages import State
from esapr.protocol.requests import SessionRequest
from esapr.server.metrics import Metrics
from esapr.server.pipeline import running_pipeline
from esapr.server.sessions.endings import SHUTDOWN
from esapr.server.sessions.outbox import Broadcast
from esapr.server.sessions.session import Session
from tests.server.sessions.hosts import host
from tests.serving import CONSENT, models


async def test_states_are_withheld_and_counted_as_long_as_a_session_may_be_elsewhere() -> None:
    published: list[Broadcast] = []
    metrics, owned = Metrics(), True
    with running_pipeline(models(), 1, metrics) as pipeline:
        request = msgspec.convert({"consent": CONSENT, "tick_ms": 1000}, SessionRequest)
        here = host(pipeline, metrics, published.append, lambda: owned)
        session = Session("s", request, here, "")
        async with asyncio.TaskGroup() as group:
            serving = group.create_task(pipeline.run())
            running = group.create_task(session.run())
            await asyncio.sleep(3.5)
            owned = False
            await asyncio.sleep(4)
            assert len(published) == 3
            owned = True
            await asyncio.sleep(1)
            session.end(SHUTDOWN)
            await running
            serving.cancel()
    states = [item.message for item in published if isinstance(item.message, State)]
    assert [state.seq for state in states[:4]] == [0, 1, 2, 3]
    assert b'esapr_dropped_total{reason="not_owned",stage="session"} 4.0' in metrics.text()
