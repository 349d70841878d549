"""A session captures its person's own neutral, and takes it back from them in another session."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import msgspec
import pytest

from esapr.inference.fusion import FusionConfig
from esapr.inference.signals import VideoFrame
from esapr.protocol.baselines import BaselineCaptured, BaselineLoad, BaselineStart
from esapr.protocol.errors import ErrorCode, ProtocolError
from esapr.protocol.messages import Configure, Error, ServerMessage, State
from esapr.protocol.requests import SessionRequest
from esapr.server.metrics import Metrics
from esapr.server.pipeline import Pipeline, running_pipeline
from esapr.server.sessions.endings import SHUTDOWN
from esapr.server.sessions.outbox import Broadcast
from esapr.server.sessions.resume import History
from esapr.server.sessions.session import Session
from esapr.server.trust.tokens import unix_time
from tests.server.media.encoded import portrait
from tests.server.sessions.hosts import host
from tests.serving import CONSENT, models

AGREED = {**CONSENT, "covers": ["baseline"]}
METRICS = Metrics()


def opened(pipeline: Pipeline, published: list[Broadcast], **request: object) -> Session:
    body = {"consent": AGREED, "tick_ms": 500, "modalities": ["face", "text"], **request}
    wanted = msgspec.convert(body, SessionRequest)
    return Session("s", wanted, host(pipeline, METRICS, published.append), "clinic")


@asynccontextmanager
async def serving() -> AsyncIterator[Pipeline]:
    with running_pipeline(models(), 1, METRICS) as pipeline:
        async with asyncio.TaskGroup() as group:
            task = group.create_task(pipeline.run())
            yield pipeline
            task.cancel()


async def shown(session: Session, seconds: float) -> None:
    """Show the same face for a while."""
    for _ in range(int(seconds * 2)):
        session.put_frame(VideoFrame(session.now(), portrait()))
        await asyncio.sleep(0.5)


async def test_a_captured_baseline_is_handed_out_and_serves_in_another_session() -> None:
    states: list[Broadcast] = []
    replies: list[ServerMessage] = []
    async with serving() as pipeline, asyncio.TaskGroup() as group:
        first = opened(pipeline, states)
        running = group.create_task(first.run())
        await shown(first, 1)
        first.neutral.start(BaselineStart(capture_ms=3_000), first.now(), replies.append)
        await shown(first, 5)
        first.end(SHUTDOWN)
        await running
        (captured,) = replies
        second = opened(pipeline, [])
        assert isinstance(captured, BaselineCaptured)
        second.neutral.load(BaselineLoad(captured.blob), unix_time())
        third = opened(pipeline, [])
        third.go_on(second.snapshot(reserved=False), History())
    assert captured.seconds == {"face": pytest.approx(2.5, abs=0.51)}
    faces = [
        item.message.modalities.face.probs
        for item in states
        if isinstance(item.message, State) and item.message.modalities.face
    ]
    assert faces[-1] != faces[0]
    for session in (first, second, third):
        assert session.settings.message("state").baseline == ["face"]
        assert session.snapshot(reserved=False).analysis.baseline.keys() == {"face"}


async def test_a_capture_without_a_face_says_so() -> None:
    replies: list[ServerMessage] = []
    async with serving() as pipeline, asyncio.TaskGroup() as group:
        session = opened(pipeline, [])
        running = group.create_task(session.run())
        session.neutral.start(BaselineStart(capture_ms=3_000), session.now(), replies.append)
        await asyncio.sleep(5)
        session.end(SHUTDOWN)
        await running
    (error,) = replies
    assert isinstance(error, Error)
    assert (error.code, error.retryable) == ("baseline_empty", True)
    assert session.settings.message("state").baseline == []


async def test_nothing_is_measured_that_was_not_agreed_to() -> None:
    with running_pipeline(models(), 1, METRICS) as pipeline:
        without = opened(pipeline, [], consent=CONSENT)
        for act in (
            lambda: without.neutral.start(BaselineStart(), 0.0, lambda _: None),
            lambda: without.neutral.load(BaselineLoad("blob"), 0.0),
        ):
            with pytest.raises(ProtocolError) as caught:
                act()
            assert caught.value.code is ErrorCode.CONSENT_REQUIRED
            assert caught.value.field == "consent.covers"
        written = opened(pipeline, [], modalities=["text"])
        with pytest.raises(ProtocolError, match="of the face or the voice") as caught:
            written.neutral.start(BaselineStart(), 0.0, lambda _: None)
        assert (caught.value.code, caught.value.field) == (ErrorCode.CONFIG_INVALID, "modalities")


async def test_smoothing_changes_during_a_session_and_goes_with_it() -> None:
    with running_pipeline(models(), 1, METRICS) as pipeline:
        session = opened(pipeline, [])
        assert session.settings.message("state").smoothing_ms == 0
        session.settings.locked = True
        session.settings.change(Configure(smoothing_ms=2_000))
        assert session.settings.message("state").smoothing_ms == 2_000
        assert session.snapshot(reserved=False).request.smoothing_ms == 2_000
        here = host(pipeline, METRICS, fusion=FusionConfig(smoothing="bayes"))
        wanted = msgspec.convert({"consent": AGREED}, SessionRequest)
        filtered = Session("s", wanted, here, "")
        assert filtered.settings.message("state").smoothing_ms is None
        with pytest.raises(ProtocolError, match="Bayesian") as caught:
            filtered.settings.change(Configure(smoothing_ms=2_000))
        assert (caught.value.code, caught.value.field) == (ErrorCode.CONFIG_INVALID, "smoothing_ms")
