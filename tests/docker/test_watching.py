"""Prometheus, dashboards, alerts, traces and ``esapr top`` on a server with a participant."""

import asyncio
import json
import math
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

from tests.docker.prometheus import FILES
from tests.docker.watched import (
    DASHBOARDS,
    Watched,
    alerts,
    has_data,
    names_in,
    panels,
    watch,
)
from tests.programs import program
from tests.test_docs import headings

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def watched(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Watched]:
    return asyncio.run(watch(tmp_path_factory.mktemp("prometheus")))


def test_every_query_is_understood(watched: Watched) -> None:
    refused = {q: a.get("error") for q, a in watched.answers.items() if a["status"] != "success"}

    assert len(watched.answers) > 60
    assert refused == {}


def test_every_panel_has_data_whose_metrics_have(watched: Watched) -> None:
    empty = [
        where
        for where, query in panels()
        if has_data(query, watched.openmetrics) and not watched.answers[query]["data"]["result"]
    ]

    assert empty == []
    assert sum(bool(watched.answers[query]["data"]["result"]) for _, query in panels()) > 50


def test_every_query_reads_metrics_that_there_are(watched: Watched) -> None:
    exposed = set(re.findall(r"^# TYPE (\w+)", watched.openmetrics, re.MULTILINE))
    read = set().union(*(names_in(query) for query in watched.answers))

    assert {re.sub(r"_(total|bucket|sum|count)$", "", name) for name in read} <= exposed


def test_states_lateness_and_load_are_seen(watched: Watched) -> None:
    shown = {
        where: [float(each["value"][1]) for each in watched.answers[query]["data"]["result"]]
        for where, query in panels()
    }

    assert shown["overview: Sessions"] == [1]
    assert 0 < shown["overview: Capture to state, p95"][0] < 10
    assert shown["overview: States a second"][0] > 0
    assert len(shown["models: Items a second"]) == 7
    assert any(value > 0 for value in shown["overview: Processor"])
    assert all(0 <= value < 1 or math.isnan(value) for value in shown["overview: Packets lost"])


def test_a_healthy_server_raises_no_alert(watched: Watched) -> None:
    # What a busy machine brings about: scrapes that fail, packets that are not read in time.
    busy = {
        "GatewayDown",
        "InferenceOverloaded",
        "LevelReduced",
        "PacketsLost",
        "SubscribersBehind",
    }
    assert watched.firing - {"StatesLate", "StatesOld"} <= busy


def test_a_state_is_one_trace_from_its_frames_to_its_sending(watched: Watched) -> None:
    collector = watched.collector
    state = collector.state_with_a_face()
    assert state
    faces = [span for span in collector.inside(state) if span.name == "face"]
    face = next(each for each in faces if collector.inside(each))
    (stage, *_) = collector.inside(face)
    batch = next(span for span in collector.spans if stage.id in span.links)

    assert {span.trace for span in (face, stage)} == {state.trace}
    assert face.start < stage.start < stage.end <= face.end
    assert batch.name == f"batch {stage.name}"
    assert batch.id in stage.links
    assert batch.trace != state.trace
    assert batch.attributes["esapr.count"] >= 1
    assert stage.name in batch.attributes["esapr.models"]


def test_no_span_names_anybody(watched: Watched) -> None:
    said = {name for span in watched.collector.spans for name in span.attributes}

    # Not those that the code allows: what is added there has to be thought of here.
    known = {"count", "fused", "level", "modality", "models", "queued_ms", "reason", "rows"}
    assert said <= {f"esapr.{name}" for name in (*known, "session")}
    assert "somebody" not in str(watched.collector.spans)


def test_the_age_of_a_state_leads_to_its_trace(watched: Watched) -> None:
    named = {each["labels"]["trace_id"] for each in watched.exemplars}

    assert named
    assert named & {span.trace for span in watched.collector.named("state")}
    assert f'trace_id="{next(iter(named))}"' in watched.openmetrics or len(named) > 1


def test_top_prints_gateways_models_and_drops_once(watched: Watched) -> None:
    output = watched.top.output

    assert watched.top.exit_code == 0, output
    assert "1 of 64" in output
    assert "face_landmarks" in output
    assert "voice_expression" in output
    assert re.search(r"\d+ MB", output)


def test_top_says_who_does_not_answer(watched: Watched) -> None:
    assert watched.top_of_nobody.exit_code == 1
    assert "does not answer" in watched.top_of_nobody.output


def test_promtool_accepts_the_files_and_every_alert_is_tested() -> None:
    promtool = program("promtool", "prometheus")
    for arguments in (
        ("check", "config", "prometheus.yml"),
        ("check", "rules", "alerts.yml"),
        ("test", "rules", "alerts_test.yml"),
    ):
        done = subprocess.run([promtool, *arguments], cwd=FILES, capture_output=True, check=False)
        assert done.returncode == 0, done.stdout + done.stderr
    tests = yaml.safe_load((FILES / "alerts_test.yml").read_text(encoding="utf-8"))["tests"]
    raised = {
        rule["alertname"]: bool(rule["exp_alerts"])
        for test in tests
        for rule in test["alert_rule_test"]
        if rule["exp_alerts"]
    }
    assert raised.keys() == alerts().keys()


def test_every_alert_leads_to_what_to_do() -> None:
    for name, rule in alerts().items():
        page, _, anchor = rule["annotations"]["runbook"].partition("#")
        assert anchor in headings(ROOT / page), name
        assert rule["labels"]["severity"] in ("critical", "warning")


def test_dashboards_can_be_told_apart_and_read() -> None:
    boards = [json.loads(file.read_text(encoding="utf-8")) for file in DASHBOARDS]

    assert len({board["uid"] for board in boards}) == len(boards) == 3
    for board in boards:
        numbers = [panel["id"] for panel in board["panels"]]
        assert len(set(numbers)) == len(numbers)
        assert all(panel["title"] for panel in board["panels"])
        assert all(panel["description"] for panel in board["panels"] if panel["type"] != "row")
