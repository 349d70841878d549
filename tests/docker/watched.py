"""A server under load and everybody who watches it, once for all tests of this folder."""

import asyncio
import json
import re
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import aiohttp
import yaml
from click.testing import CliRunner, Result
from yarl import URL

from esapr.cli.main import main
from esapr.load_tests import PORTRAIT
from esapr.load_tests.gateway import Gateway
from esapr.load_tests.media import encode_clip
from esapr.load_tests.participant import Participant, play
from esapr.protocol.messages import State
from tests.docker.collector import Collector, collecting
from tests.docker.prometheus import (
    FILES,
    PATIENCE_SECONDS,
    Prometheus,
    running_prometheus,
)
from tests.serving import running_server

DASHBOARDS = sorted((FILES.parent / "grafana/dashboards").glob("*.json"))
OPEN_METRICS = {"Accept": "application/openmetrics-text;version=1.0.0"}
VARIABLES = {"$__rate_interval": "1m", "$instance": ".*"}


@dataclass(frozen=True, slots=True)
class Watched:
    """What the watchers saw of a server with one participant."""

    answers: dict[str, dict[str, Any]]
    """What Prometheus answers, by query: those of dashboards and of alerts."""
    firing: set[str]
    openmetrics: str
    exemplars: list[dict[str, Any]]
    collector: Collector
    top: Result
    top_of_nobody: Result


def panels() -> Iterator[tuple[str, str]]:
    """Every query of every dashboard, with where it stands."""
    for file in DASHBOARDS:
        board = json.loads(file.read_text(encoding="utf-8"))
        for panel in board["panels"]:
            for target in panel.get("targets", ()):
                yield f"{file.stem}: {panel['title']}", target["expr"]


def alerts() -> dict[str, dict[str, Any]]:
    """Every alert by its name."""
    (group,) = yaml.safe_load((FILES / "alerts.yml").read_text(encoding="utf-8"))["groups"]
    return {rule["alert"]: rule for rule in group["rules"]}


def concrete(expression: str) -> str:
    """Return a query as Grafana sends it."""
    for name, value in VARIABLES.items():
        expression = expression.replace(name, value)
    return expression


def names_in(expression: str) -> set[str]:
    """Return the metrics that a query reads."""
    return set(re.findall(r"\b(?:esapr|process)_\w+", expression))


async def watch(folder: Path) -> Watched:
    """Play a portrait to a server whose every state is traced, and look."""
    clip = encode_clip(PORTRAIT)
    async with (
        collecting() as collector,
        running_server(otel_endpoint=collector.url, otel_sample=1.0) as server,
        running_prometheus(folder, f"127.0.0.1:{server.port}") as prometheus,
        aiohttp.ClientSession() as http,
        play(Gateway(http, URL(server.url)), clip, name="somebody") as participant,
    ):
        await participant.say("I am happy that this works")
        await states(participant, 4)
        await prometheus.wait_for("count(rate(esapr_batch_size_sum[1m])) == 7")
        await prometheus.wait_for("sum(rate(esapr_states_total[1m])) > 0")
        async with http.get(f"{server.url}/metrics", headers=OPEN_METRICS) as response:
            openmetrics = await response.text()
        arguments = ["top", server.url, "--once", "--every", "1.5"]
        top = await asyncio.to_thread(CliRunner().invoke, main, arguments)
        return Watched(
            await answers(prometheus, openmetrics),
            {each["labels"]["alertname"] for each in await firing(prometheus)},
            openmetrics,
            await exemplars(prometheus),
            await whole(collector),
            top,
            await asyncio.to_thread(CliRunner().invoke, main, NOBODY),
        )


NOBODY = ["top", "http://127.0.0.1:1", "--once", "--every", "0.2"]


async def states(participant: Participant, count: int) -> None:
    """Wait for fused states."""
    seen = 0
    async for message in participant.feed:
        seen += isinstance(message, State) and message.fused is not None
        if seen == count:
            return


async def answers(prometheus: Prometheus, exposed: str) -> dict[str, dict[str, Any]]:
    """Ask everything that dashboards and alerts ask."""
    shown = [expression for _, expression in panels()]
    with suppress(TimeoutError):
        for expression in shown:
            # A scrape may fail on a busy machine, and then a gauge is away until the next one.
            if has_data(expression, exposed):
                await prometheus.wait_for(concrete(expression))
    asked = [*shown, *(rule["expr"] for rule in alerts().values())]
    return {each: await prometheus.query(concrete(each)) for each in asked}


def has_data(expression: str, exposed: str) -> bool:
    """Return whether a panel has something to show: each of its metrics has been exposed."""
    names = set(re.findall(r"^(\w+)[{ ]", exposed, re.MULTILINE))
    # Of what was dropped or refused there need be nothing.
    return names_in(expression) <= names and not expression.endswith("> 0")


async def firing(prometheus: Prometheus) -> list[dict[str, Any]]:
    """Return the alerts that are raised, or will be unless it gets better."""
    async with prometheus.http.get("/api/v1/alerts") as response:
        found: list[dict[str, Any]] = (await response.json())["data"]["alerts"]
        return found


async def exemplars(prometheus: Prometheus) -> list[dict[str, Any]]:
    """Return the traces that Prometheus keeps beside the age of states."""
    url = URL("/api/v1/query_exemplars") % {
        "query": "esapr_capture_to_state_seconds_bucket",
        "start": "0",
        "end": "99999999999",
    }
    async with prometheus.http.get(url) as response:
        return [each for series in (await response.json())["data"] for each in series["exemplars"]]


async def whole(collector: Collector) -> Collector:
    """Return the collector once it has a trace in which a state rests on a face."""
    async with asyncio.timeout(PATIENCE_SECONDS):
        while collector.state_with_a_face() is None:
            await collector.more.wait()
            collector.more.clear()
    return collector
