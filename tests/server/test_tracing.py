"""Traces that nobody asked for cost nothing; those that are asked for say only what they may."""

import sys
import threading
from contextlib import aclosing

import pytest

from esapr.inference.batching import DropReason
from esapr.inference.scoring import NotRunError
from esapr.inference.signals import Abstain, EmotionState, Modality
from esapr.server.config import ConfigError, ServerConfig
from esapr.server.logs import PrivacyError
from esapr.server.metrics import Metrics
from esapr.server.spans import Spans, allowed
from esapr.server.tracing import NOT_TRACED, open_tracing
from tests.docker.collector import collecting
from tests.server.metrics.test_metrics import value

NOBODY = "http://127.0.0.1:9"
STATE = EmotionState(0.0, 1.0, None, Abstain.NO_FACE)


def made(metrics: Metrics, outcome: str = "made") -> float | None:
    return value(metrics.text().decode(), "esapr_spans_total", outcome=outcome)


def test_a_server_without_a_collector_follows_nothing() -> None:
    metrics = Metrics()
    tracing = open_tracing(ServerConfig(), metrics)
    trace = tracing.session("session", lambda: 0.0)
    with trace.item(Modality.FACE, 0.0):
        trace.made(STATE, "full", 1.0)

    assert tracing is NOT_TRACED
    assert tracing.batches is None
    assert trace.exemplar() is None
    assert made(metrics) == 0


def test_a_collector_needs_the_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "esapr.server.spans", None)

    with pytest.raises(ConfigError, match=r"otel_endpoint: .*pip install 'esapr\[otel\]'"):
        open_tracing(ServerConfig(otel_endpoint=NOBODY), Metrics())
    assert open_tracing(ServerConfig(), Metrics()) is NOT_TRACED


@pytest.mark.real_time
async def test_what_is_not_drawn_makes_no_span(monkeypatch: pytest.MonkeyPatch) -> None:
    drawn = iter([0.7, 0.2, 0.9])
    monkeypatch.setattr("esapr.server.spans.random.random", lambda: next(drawn))
    metrics = Metrics()
    async with (
        collecting() as collector,
        aclosing(Spans(collector.url, 0.5, metrics.spans)) as spans,
    ):
        trace = spans.session("session", lambda: 0.0)
        with trace.item(Modality.FACE, 0.0):
            assert spans.caller() is None
        assert trace.exemplar() is None

        trace.made(STATE, "full", 1.0)
        with trace.item(Modality.FACE, 1.0):
            assert spans.caller() is not None
        exemplar = trace.exemplar()
        trace.made(STATE, "full", 2.0)
        assert trace.exemplar() is None

    # The third state is not drawn.
    assert sorted(span.name for span in collector.spans) == ["face", "send", "state"]
    assert [{"trace_id": span.trace} for span in collector.named("state")] == [exemplar]
    assert made(metrics) == made(metrics, "exported") == 3


@pytest.mark.real_time
async def test_an_item_that_was_not_run_says_why_and_passes_it_on() -> None:
    async with (
        collecting() as collector,
        aclosing(Spans(collector.url, 1.0, Metrics().spans)) as spans,
    ):
        trace = spans.session("session", lambda: 0.0)
        with pytest.raises(NotRunError), trace.item(Modality.VOICE, 0.0):
            raise NotRunError(DropReason.STALE)
        assert spans.caller() is None
        trace.close()

    (voice,) = collector.named("voice")
    (state,) = collector.named("state")
    assert voice.attributes["esapr.reason"] == "stale"
    assert voice.parent == state.id
    assert state.attributes == {"esapr.session": "session", "esapr.reason": "session_ended"}


def test_an_attribute_that_is_not_allowed_is_a_bug() -> None:
    with pytest.raises(PrivacyError, match="participant"):
        allowed({"participant": "somebody"})


@pytest.mark.real_time
async def test_a_collector_that_is_away_costs_spans_and_they_are_counted() -> None:
    metrics = Metrics()
    spans = Spans(NOBODY, 1.0, metrics.spans)
    spans.session("session", lambda: 0.0).close()
    await spans.aclose()

    assert made(metrics) == made(metrics, "failed") == 1
    assert made(metrics, "exported") == 0
    assert not [each for each in threading.enumerate() if "Otel" in each.name]


@pytest.mark.parametrize(
    "settings",
    [
        {"otel_endpoint": "127.0.0.1:4318"},
        {"otel_endpoint": "ftp://collector"},
        {"otel_endpoint": "http://collector?x=1"},
        {"otel_sample": 1.5},
        {"otel_sample": -0.1},
    ],
)
def test_a_setting_that_cannot_be_is_named(settings: dict[str, object]) -> None:
    with pytest.raises(ConfigError, match=next(iter(settings))):
        ServerConfig(**settings)  # type: ignore[arg-type]
