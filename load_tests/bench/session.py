"""``bench session``: what one session costs, against the least that it could cost.

The floor is measured in the same run: the ingest of the same media by a server that drops every
frame, and the items that the models ran times what the bare models take for an item.
"""

import asyncio
import sys
from collections.abc import Mapping
from dataclasses import dataclass

import aiohttp
from yarl import URL

from esapr.load_tests.bench.crowd import (
    Ran,
    batches,
    crowd,
    in_drain,
    in_sessions,
    ran_since,
    spend,
)
from esapr.load_tests.bench.raw import Load, cpu_seconds_an_item, loads
from esapr.load_tests.bench.repeated import Repeated
from esapr.load_tests.gateway import Gateway
from esapr.load_tests.obeying import portrait
from esapr.load_tests.server_process import READY_SECONDS, server_process

TARGET_RATIO = 1.25
TARGET_CPU_PCT = 8.0
TARGET_RSS_MB = 12.0

DRAIN = (sys.executable, "-m", "esapr.load_tests.bench.drain")


@dataclass(frozen=True, slots=True)
class Round:
    """One repetition; percentages of a core a session."""

    server_pct: float
    ingest_pct: float
    models_pct: Mapping[str, float]
    memory_mb: float

    @property
    def floor_pct(self) -> float:
        """Ingest and bare models."""
        return self.ingest_pct + sum(self.models_pct.values())


@dataclass(frozen=True, slots=True)
class SessionReport:
    """All repetitions with ``sessions`` sessions; ``alone_mb`` is the memory with one."""

    sessions: int
    rounds: list[Round]
    alone_mb: float

    @property
    def server_cpu_pct(self) -> float:
        """Processor time of the server a session, in percent of a core."""
        return Repeated([r.server_pct for r in self.rounds]).median

    @property
    def floor_cpu_pct(self) -> float:
        """The same of the floor."""
        return Repeated([r.floor_pct for r in self.rounds]).median

    @property
    def ratio(self) -> Repeated:
        """Server over floor, repetition by repetition."""
        return Repeated([r.server_pct / r.floor_pct for r in self.rounds])

    @property
    def rss_mb_per_session(self) -> float:
        """Growth of resident memory from one session to all of them, a session.

        Of the first repetition: later ones find memory that has been taken already.
        """
        return (self.rounds[0].memory_mb - self.alone_mb) / (self.sessions - 1)

    @property
    def parts_pct(self) -> dict[str, float]:
        """Where the server's time goes: ingest, each model, and all the rest."""
        named = {"ingest": Repeated([r.ingest_pct for r in self.rounds]).median}
        for model in self.rounds[0].models_pct:
            named[model] = Repeated([r.models_pct[model] for r in self.rounds]).median
        named["rest"] = Repeated([r.server_pct - r.floor_pct for r in self.rounds]).median
        return named


async def run(sessions: int, seconds: float, repetitions: int, *, plain: bool) -> SessionReport:
    """Measure ``sessions`` (two or more) at a time, for ``seconds`` a side a repetition.

    Floor and server get the same media; ``plain`` senders ignore what the answer asks for.

    Raises:
        ServerProcessError: a server did not start.
        ExceptionGroup: a session was refused or failed.
    """
    clip, models = portrait(plain=plain), loads()
    async with (
        server_process() as server,
        server_process(DRAIN) as drain,
        aiohttp.ClientSession() as http,
    ):
        gateway = Gateway(http, URL(server.url))
        async with asyncio.timeout(READY_SECONDS):
            await gateway.until_ready()
        async with crowd(1, in_sessions(gateway, clip)):
            alone_mb = server.memory_mb
        rounds = []
        for _ in range(repetitions):
            async with crowd(sessions, in_drain(http, drain.url, clip)):
                ingest = await spend(drain, seconds)
            costs = await asyncio.to_thread(_costs, models, seconds / len(models) / 2)
            async with crowd(sessions, in_sessions(gateway, clip)):
                before = batches(await gateway.metrics())
                spent = await spend(server, seconds)
                ran = ran_since(batches(await gateway.metrics()), before)
            share = 100 / sessions
            models_pct = {
                name: ran.get(name, Ran()).items * cost / spent.seconds * share
                for name, cost in costs.items()
            }
            shares = spent.server_cores * share, ingest.server_cores * share
            rounds.append(Round(*shares, models_pct, spent.memory_mb))
    return SessionReport(sessions, rounds, alone_mb)


def _costs(models: Mapping[str, Load], seconds: float) -> dict[str, float]:
    """Return the least processor time of an item of each model, over its batch buckets."""
    return {
        name: min(
            cpu_seconds_an_item(load, size, seconds=seconds / len(load.model.card.batch.buckets))
            for size in load.model.card.batch.buckets
        )
        for name, load in models.items()
    }
