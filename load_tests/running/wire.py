"""What the processes of a load test say to each other: MessagePack with its length before it."""

import asyncio
import struct
from collections.abc import Sequence
from typing import TypeVar

import msgspec
from msgspec import Struct

from esapr.load_tests.running.schedule import Stay
from esapr.load_tests.scenario import Scenario

T = TypeVar("T")

_LENGTH = struct.Struct("!I")


class Order(Struct, frozen=True, tag=True):
    """The first message to a driver: what to play, and where."""

    url: str
    key: str | None
    clip: str
    scenario: Scenario
    stays: list[Stay]


class Start(Struct, frozen=True, tag=True):
    """The second and last one: when the run's clock was 0, in seconds of ``CLOCK_MONOTONIC``."""

    epoch: float


Command = Order | Start


class Ready(Struct, frozen=True, tag=True):
    """The clip is encoded and the server answers."""


class Joined(Struct, frozen=True, tag=True):
    """Media of a session flow, ``setup_ms`` after it was asked for."""

    session: int
    at: float
    setup_ms: float


class Seen(Struct, frozen=True, tag=True):
    """A state of a session: when it came and when it was due, on the run's clock."""

    session: int
    at: float
    due_at: float
    delay_ms: float | None
    """From the capture of its evidence; None without an expression or new evidence."""
    fused: bool
    right: bool | None
    """Whether the expression is the one that was shown; None if that is not judged."""
    level: str
    modalities: list[str]


class Reconnected(Struct, frozen=True, tag=True):
    """A feed was lost at ``at``, and back after ``seconds``; None if it never was."""

    session: int
    at: float
    seconds: float | None
    code: int


class Left(Struct, frozen=True, tag=True):
    """A session has ended; ``lost`` says why, if that was before its time."""

    session: int
    at: float
    lost: str


class Spent(Struct, frozen=True, tag=True):
    """Processor seconds of a driver since it began to play."""

    cpu_seconds: float


Event = Ready | Joined | Seen | Reconnected | Left | Spent


def frame(message: Command | Sequence[Event]) -> bytes:
    """Return a message as it goes through a pipe."""
    data = msgspec.msgpack.encode(message)
    return _LENGTH.pack(len(data)) + data


async def read_command(pipe: asyncio.StreamReader) -> Command | None:
    """Return the next command; None at the end."""
    data = await _read(pipe)
    return None if data is None else msgspec.msgpack.decode(data, type=Command)


async def read_events(pipe: asyncio.StreamReader) -> list[Event] | None:
    """Return the next events; None at the end, also amid a message of a process that died."""
    data = await _read(pipe)
    return None if data is None else msgspec.msgpack.decode(data, type=list[Event])


async def _read(pipe: asyncio.StreamReader) -> bytes | None:
    try:
        (length,) = _LENGTH.unpack(await pipe.readexactly(_LENGTH.size))
        return await pipe.readexactly(length)
    except asyncio.IncompleteReadError:
        return None
