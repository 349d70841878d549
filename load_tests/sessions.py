"""Many sessions at a time: ``python -m esapr.load_tests.sessions --peers 8 --seconds 60``.

Starts a server in a process of its own, plays the shipped clip into it from this one, and exits
with 1 if a session got fewer than 55 states a minute or its peer lost the connection, which is how
an overloaded server shows first: ICE consent (RFC 7675) expires.
"""

import asyncio
import math
import statistics
import time
from collections import Counter
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass

import aiohttp
import click
from prometheus_client.parser import text_string_to_metric_families
from yarl import URL

from esapr.load_tests.gateway import Gateway
from esapr.load_tests.media import EncodedClip
from esapr.load_tests.obeying import portrait
from esapr.load_tests.participant import Participant, play
from esapr.load_tests.server_process import ServerProcess, server_process
from esapr.load_tests.tally import Tally
from esapr.protocol.codec import Format
from esapr.protocol.messages import State

STATES_PER_MINUTE = 55
LINE = "We really did it, I am so happy!"
LINE_SECONDS = 10.0
READY_SECONDS = 120.0


@dataclass(frozen=True, slots=True)
class Report:
    """What a run measured; processor time is per second of playing, 1.0 is one core."""

    seconds: float
    sessions: list[Tally]
    longest_queues: Mapping[str, int]
    dropped: Mapping[str, int]
    server_cpu: float
    server_memory_mb: float
    peers_cpu: float

    @property
    def required(self) -> int:
        """States that each session must have got."""
        return math.floor(self.seconds * STATES_PER_MINUTE / 60)

    @property
    def passed(self) -> bool:
        """Whether no session starved and no peer was cut off."""
        return all(t.states >= self.required and not t.lost for t in self.sessions)


class Gauges:
    """The server's own view, read from ``/metrics`` once a second."""

    def __init__(self) -> None:
        self.longest_queues: dict[str, int] = {}
        self.dropped: Counter[str] = Counter()

    async def watch(self, gateway: Gateway) -> None:
        """Read until cancelled."""
        while True:
            self.read(await gateway.metrics())
            await asyncio.sleep(1)

    def read(self, text: str) -> None:
        """Take in one exposition."""
        for family in text_string_to_metric_families(text):
            for sample in family.samples:
                labels, value = sample.labels, int(sample.value)
                if sample.name == "esapr_pending":
                    model = labels["model"]
                    self.longest_queues[model] = max(value, self.longest_queues.get(model, 0))
                elif sample.name == "esapr_dropped_total":
                    self.dropped[f"{labels['stage']}/{labels['reason']}"] = value


async def run(peers: int, seconds: float, *, plain: bool = False) -> Report:
    """Play the shipped clip from ``peers`` peers for ``seconds``.

    ``plain`` senders ignore what the answer asks for.

    Raises:
        ServerProcessError: the server did not start.
        ExceptionGroup: a session was refused or failed.
    """
    clip = portrait(plain=plain)
    async with server_process() as server, aiohttp.ClientSession() as http:
        gateway = Gateway(http, URL(server.url))
        async with asyncio.timeout(READY_SECONDS):
            await gateway.until_ready()
        return await _measure(server, gateway, clip, peers, seconds)


async def _measure(
    server: ServerProcess, gateway: Gateway, clip: EncodedClip, peers: int, seconds: float
) -> Report:
    gauges = Gauges()
    began, server_cpu, own_cpu = time.monotonic(), server.cpu_seconds, time.process_time()
    async with asyncio.TaskGroup() as group:
        watch = group.create_task(gauges.watch(gateway))
        async with asyncio.TaskGroup() as sessions:
            names = (f"peer {number}" for number in range(peers))
            tasks = [sessions.create_task(_count(gateway, clip, n, seconds)) for n in names]
        watch.cancel()
    elapsed = time.monotonic() - began
    gauges.read(await gateway.metrics())
    return Report(
        seconds=seconds,
        sessions=[task.result() for task in tasks],
        longest_queues=gauges.longest_queues,
        dropped=gauges.dropped,
        server_cpu=(server.cpu_seconds - server_cpu) / elapsed,
        server_memory_mb=server.memory_mb,
        peers_cpu=(time.process_time() - own_cpu) / elapsed,
    )


async def _count(gateway: Gateway, clip: EncodedClip, name: str, seconds: float) -> Tally:
    tally = Tally()
    async with (
        play(gateway, clip, name=name, form=Format.MSGPACK) as participant,
        asyncio.TaskGroup() as group,
    ):
        chat = group.create_task(_chat(participant))
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                async for message in participant.feed:
                    if isinstance(message, State):
                        tally.add(message)
        tally.lost = not participant.peer.connected
        chat.cancel()
    return tally


async def _chat(participant: Participant) -> None:
    while participant.peer.connected:
        await participant.say(LINE)
        await asyncio.sleep(LINE_SECONDS)


@click.command()
@click.option("--peers", type=click.IntRange(min=1), default=8, help="Sessions at a time.")
@click.option("--seconds", type=click.FloatRange(min=2), default=60.0, help="How long to play.")
@click.option("--plain", is_flag=True, help="Senders ignore what the answer asks for.")
def main(*, peers: int, seconds: float, plain: bool) -> None:
    """Play the shipped clip from many peers at once and report."""
    report = asyncio.run(run(peers, seconds, plain=plain))
    click.echo("session  states  fused  face  voice  text  capture to state, median ms")
    for number, tally in enumerate(report.sessions):
        counts = [tally.modalities[name] for name in ("face", "voice", "text")]
        delay = statistics.median(tally.delays_ms) if tally.delays_ms else math.nan
        click.echo(
            f"{number:7}  {tally.states:6}  {tally.fused:5}  "
            f"{counts[0]:4}  {counts[1]:5}  {counts[2]:4}  {delay:.0f}"
            f"{'  connection lost' if tally.lost else ''}"
        )
    click.echo(f"longest queues: {dict(report.longest_queues)}")
    click.echo(f"dropped: {dict(report.dropped)}")
    click.echo(
        f"server: {report.server_cpu:.2f} cores, {report.server_memory_mb:.0f} MB; "
        f"peers: {report.peers_cpu:.2f} cores"
    )
    if not report.passed:
        raise click.ClickException(
            f"a session got fewer than {report.required} states, or its peer was cut off"
        )


if __name__ == "__main__":
    main()
