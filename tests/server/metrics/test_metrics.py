"""What the metrics say, and that their labels are few and say nothing about anybody."""

from uuid import uuid4

import aiohttp
import pytest
from prometheus_client.parser import text_string_to_metric_families

from esapr.inference.signals import Abstain, EmotionState
from esapr.server.media.reception import Intake, Reception
from esapr.server.metrics import Metrics
from tests.server.http.feeds import client
from tests.serving import running_server

LABELS = {
    *("code", "device", "fused", "how", "kind", "le", "level", "method", "modality", "model"),
    *("outcome", "reason", "route", "stage", "status", "type"),
    # Of the build.
    *("aiohttp", "aiortc", "onnxruntime", "python", "version"),
}
"""None of them can carry a session, a participant or text."""

Sample = tuple[str, frozenset[tuple[str, str]]]


def samples(text: str) -> dict[Sample, float]:
    return {
        (sample.name, frozenset(sample.labels.items())): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


def value(text: str, name: str, **labels: str) -> float | None:
    return samples(text).get((name, frozenset(labels.items())))


@pytest.mark.real_time
async def test_calls_are_counted_by_route_and_never_by_path() -> None:
    secret = uuid4().hex
    async with running_server() as server, aiohttp.ClientSession(server.url) as http:
        for path in ("/healthz", "/healthz", f"/{secret}", f"/v1/sessions/{secret}"):
            await (await http.get(path)).read()
        for odd in ("SECRET", "PROPFIND"):
            await (await http.request(odd, f"/{secret}/{odd}")).read()
        text = await (await http.get("/metrics")).text()

    def calls(route: str, method: str, status: str) -> float | None:
        name = "esapr_http_requests_total"
        return value(text, name, route=route, method=method, status=status)

    assert calls("/healthz", "GET", "2xx") == 2
    assert calls("none", "GET", "4xx") == 1
    # The other odd one is no HTTP and reaches no route.
    assert calls("none", "other", "4xx") == 1
    assert calls("/v1/sessions/{session}", "GET", "4xx") == 1
    count = "esapr_http_request_seconds_count"
    assert value(text, count, route="/healthz", method="GET") == 2
    assert secret not in text
    assert "SECRET" not in text


@pytest.mark.real_time
async def test_a_feed_is_counted_with_its_messages_and_the_way_it_ended() -> None:
    async with client() as (session, server), session.greeted() as socket:
        await socket.send_json({"type": "ping", "t": 1.0})
        await socket.send_json({"type": "close"})
        async for _ in socket:
            pass
    text = server.metrics.text().decode()
    assert value(text, "esapr_feed_messages_total", type="hello") == 1
    assert value(text, "esapr_feed_messages_total", type="ping") == 1
    assert value(text, "esapr_feeds_closed_total", code="1000") == 1
    assert value(text, "esapr_feed_seconds_count") == 1
    ended = value(text, "esapr_sessions_ended_total", reason="closed")
    assert ended == 1
    # The call is over, and no duration of a call is as long as a feed.
    route = "/v1/sessions/{session}/feed"
    assert value(text, "esapr_http_request_seconds_count", route=route, method="GET") is None


def test_no_label_can_name_anybody() -> None:
    text = Metrics().text().decode()

    assert {name for _, labels in samples(text) for name, _ in labels} <= LABELS


def test_states_are_counted_by_what_they_rest_on() -> None:
    metrics = Metrics()
    metrics.fusion.state(
        EmotionState(0.0, 1.0, None, Abstain.NO_FACE), "reduced", 0.4, {"trace_id": "a" * 32}
    )
    text = metrics.text().decode()

    assert value(text, "esapr_states_total", fused="false", level="reduced") == 1
    assert value(text, "esapr_states_total", fused="true", level="full") == 0
    assert value(text, "esapr_abstained_total", reason="no_face") == 1
    assert value(text, "esapr_capture_to_state_seconds_bucket", le="0.4") == 1
    assert value(text, "esapr_capture_to_state_seconds_bucket", le="0.3") == 0


def test_openmetrics_is_answered_to_who_asks_and_carries_the_trace() -> None:
    metrics = Metrics()
    metrics.fusion.state(
        EmotionState(0.0, 1.0, None, Abstain.NO_FACE), "full", 0.4, {"trace_id": "a" * 32}
    )
    body, kind = metrics.exposition("application/openmetrics-text;version=1.0.0")

    assert kind.startswith("application/openmetrics-text")
    assert body.endswith(b"# EOF\n")
    assert b'# {trace_id="' + b"a" * 32 + b'"} 0.4' in body
    plain, kind = metrics.exposition("*/*")
    assert kind.startswith("text/plain; version=0.0.4")
    assert b"trace_id" not in plain


def test_a_track_is_counted_by_what_came_since_the_last_look() -> None:
    intake, metrics = Intake(), Metrics()
    for total in (Reception(100, 5, 10, 9, 1, 0.004), Reception(150, 3, 12, 11, 1, 0.03)):
        metrics.media.grew("video", intake.look("video", total))
    text = metrics.text().decode()

    found = {
        name: value(text, f"esapr_media_{name}_total", kind="video")
        for name in ("packets", "packets_lost", "frames", "decoded", "broken")
    }
    # Two packets that were given up have come after all: a counter does not fall.
    assert found == {"packets": 150, "packets_lost": 5, "frames": 12, "decoded": 11, "broken": 1}
    assert value(text, "esapr_media_jitter_seconds_count", kind="video") == 2
    assert value(text, "esapr_media_jitter_seconds_bucket", kind="video", le="0.005") == 1
