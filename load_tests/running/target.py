"""The server under test: one that is there, or one that the harness starts."""

import random
import socket
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, ExitStack, asynccontextmanager, suppress
from dataclasses import dataclass

from esapr.load_tests.chaos import FaultError
from esapr.load_tests.chaos.ground import standing_server
from esapr.load_tests.chaos.system import System
from esapr.load_tests.network.profiles import NetworkError, profile
from esapr.load_tests.network.turn import turn_server
from esapr.load_tests.scenario import Scenario, ScenarioError
from esapr.load_tests.server_process import SERVE, ServerProcess, server_process

PORTS = range(20_000, 32_000)
"""Where the gateways of an own server answer for their metrics: no outgoing connection of Linux
takes one of these first."""


@dataclass(frozen=True, slots=True)
class Target:
    """The server under test; ``process`` is there if the harness started it."""

    url: str
    key: str | None = None
    process: ServerProcess | None = None
    metrics: Sequence[str] = ()
    """Addresses of the metrics of all gateways; empty: those of a server that is one process."""
    system: System | None = None
    """What faults are done to, if the scenario has any."""


@asynccontextmanager
async def own_server(scenario: Scenario) -> AsyncIterator[Target]:
    """Start the server of a scenario, with what its network and its faults need; end it on leaving.

    Raises:
        ScenarioError: the network profile or a fault is unknown, or cannot be had here.
        ServerProcessError: it did not start.
    """
    command, metrics = serving(scenario.gateways)
    kinds = {fault.kind for fault in scenario.chaos}
    async with AsyncExitStack() as stack:
        try:
            if profile(scenario.network).relayed:
                turn = await stack.enter_async_context(turn_server())
                command = (*turn.prefix, *command)
            if kinds:
                standing = standing_server(kinds, scenario.gateways, command)
                process, system = await stack.enter_async_context(standing)
            else:
                process = await stack.enter_async_context(server_process(command))
                system = None
        except NetworkError as error:
            raise ScenarioError(str(error)) from error
        except FaultError as error:
            raise ScenarioError(f"`chaos`: {error}") from error
        yield Target(process.url, process=process, metrics=metrics, system=system)


def serving(gateways: int) -> tuple[Sequence[str], list[str]]:
    """Return a command that serves with so many processes, and where each has its metrics.

    One process has them where it serves, which is known when it does: the list is empty.
    """
    if gateways == 1:
        return SERVE, []
    port = _free_ports(gateways)
    metrics = [f"http://127.0.0.1:{port + index}/metrics" for index in range(gateways)]
    command = ("env", f"ESAPR_INTERNAL_PORT={port}", *SERVE, "--processes", f"{gateways}")
    return command, metrics


def _free_ports(count: int) -> int:
    """Return the first of ``count`` ports in a row that nobody listens on."""
    while True:
        first = random.randrange(PORTS.start, PORTS.stop - count)
        with ExitStack() as held, suppress(OSError):
            for port in range(first, first + count):
                held.enter_context(socket.create_server(("127.0.0.1", port)))
            return first
