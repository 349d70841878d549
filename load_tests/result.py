"""What a load test measured: the types of its JSON.

``at_seconds`` is on the run's clock, which is 0 when the first session is asked for. A state is
*due* each tick of a session from its first one to the end of its stay, and *missing* if it never
came; docs/how-to/measure-load.md says how each figure is counted.
"""

from typing import Literal

import msgspec
from msgspec import Struct

from esapr.load_tests.scenario import Scenario

VERSION = 1

SessionKind = Literal["webrtc", "partner"]


class ResultError(Exception):
    """A file is no result of a load test, or one of another version."""


class Machine(Struct, frozen=True, forbid_unknown_fields=True):
    """Where the harness ran, and the server if the harness started it."""

    system: str
    processor: str
    cores: int
    memory_mb: float
    python: str
    esapr: str


class Summary(Struct, frozen=True, forbid_unknown_fields=True):
    """The figures that thresholds judge; shares lie in [0, 1], times count capture to arrival."""

    peers: int
    """Sessions that were played, those of churn included."""
    states_due: int
    states_received: int
    """Of those that were due; each counts once."""
    states_fused: int
    """Received ones that carry an expression."""
    due_share: float | None
    """Received by due; null if nothing was due."""
    p50_ms: float | None
    p95_ms: float | None
    p99_ms: float | None
    """Over fused states with new evidence; null if there are none."""
    accuracy: float | None
    """Right by judged; null if nothing could be judged."""
    states_judged: int
    coverage: float | None
    """Fused by due."""
    gaps: int
    """Missing states."""
    lost_sessions: int
    reconnects: int
    harness_cores: float
    """Processor seconds of the harness a second of the run."""
    passed: bool


class Hole(Struct, frozen=True, forbid_unknown_fields=True):
    """A time in which a session got no state, longer than one and a half ticks."""

    at_seconds: float
    """When the state before it came."""
    seconds: float
    """Until the next one came, or the session's end."""
    missing: int
    """States between the two that never came."""


class Reconnect(Struct, frozen=True, forbid_unknown_fields=True):
    """A feed that broke, and came back."""

    at_seconds: float
    seconds: float | None
    """Until the server greeted it again; null if it never did."""
    code: int | None
    """Close code of the old feed; null if there was none."""


class Session(Struct, frozen=True, forbid_unknown_fields=True):
    """One session from its request to its end."""

    name: str
    kind: SessionKind
    joined_at_seconds: float
    left_at_seconds: float
    setup_ms: float | None
    """From its request to the moment media flowed; null if they never did."""
    due: int
    received: int
    fused: int
    judged: int
    right: int
    modalities: dict[str, int]
    """Fused states that rest on ``face``, ``voice``, ``text``."""
    p50_ms: float | None
    p95_ms: float | None
    holes: list[Hole]
    reconnects: list[Reconnect]
    lost: str
    """Why it ended before its time; empty if it did not."""


class Second(Struct, frozen=True, forbid_unknown_fields=True):
    """One second of the run, over all sessions; a state counts where it is due."""

    at_seconds: int
    sessions: int
    due: int
    received: int
    fused: int
    p50_ms: float | None
    p95_ms: float | None
    levels: dict[str, int]
    """States of that second by ``level``."""


class ServerSample(Struct, frozen=True, forbid_unknown_fields=True):
    """The server at one moment, all of its processes together; null: the server does not say."""

    at_seconds: float
    cpu_cores: float | None
    """Processor seconds a second since the sample before."""
    memory_mb: float | None
    threads: int | None
    feeds: int
    sessions: int
    media_peers: int
    pending: dict[str, int]
    """Items that wait for a batch, by model."""


class Stage(Struct, frozen=True, forbid_unknown_fields=True):
    """How long one part of the way took, over the whole run, in the server's histograms."""

    name: str
    """``queue/<model>``, ``infer/<model>``, ``capture_to_state``, ``lateness``."""
    count: int
    mean_ms: float | None
    p50_ms: float | None
    p95_ms: float | None
    p99_ms: float | None


class LevelChange(Struct, frozen=True, forbid_unknown_fields=True):
    """A session's ``level`` changed with this state."""

    at_seconds: float
    session: str
    level: str


class FaultOutcome(Struct, frozen=True, forbid_unknown_fields=True):
    """What a fault cost. Figures are counted from ``Session.holes`` and ``Session.reconnects``."""

    kind: str
    at_seconds: float
    sessions_lost: int
    states_lost: int
    cadence_seconds: float | None
    """From the fault until every session had a state each tick again; null: never."""
    resumed_seconds: float | None
    """From the fault until every feed that it broke was back; null: one never was."""
    note: str = ""
    """What was done to which process."""


class Miss(Struct, frozen=True, forbid_unknown_fields=True):
    """A threshold that was not kept, under its name in the scenario."""

    threshold: str
    wanted: float
    measured: float | None
    """Null: it could not be measured."""


class Result(Struct, frozen=True, forbid_unknown_fields=True):
    """One run."""

    version: int
    scenario: Scenario
    started_at: str
    """UTC, RFC 3339."""
    machine: Machine
    server_version: str
    """What the server says it is; empty if it does not say."""
    summary: Summary
    misses: list[Miss]
    sessions: list[Session]
    seconds: list[Second]
    server: list[ServerSample]
    stages: list[Stage]
    drops: dict[str, int]
    """Items that the server dropped during the run, by ``stage/reason``."""
    batch_sizes: dict[str, dict[str, int]]
    """Batches by model and the least bound of the histogram that holds them (``4``, ``+Inf``)."""
    level_changes: list[LevelChange]
    faults: list[FaultOutcome]
    failures: list[str]
    """What went wrong in the harness itself, such as a process that died; a run with one fails."""

    @property
    def setup_ms(self) -> list[float]:
        """Set-up times of the sessions that got media, in milliseconds."""
        return [each.setup_ms for each in self.sessions if each.setup_ms is not None]


def encode_result(result: Result) -> bytes:
    """Return the JSON of a run."""
    return msgspec.json.encode(result)


def decode_result(data: bytes) -> Result:
    """Return the run that :func:`encode_result` wrote.

    Raises:
        ResultError: it is something else, or of another version.
    """
    try:
        result = msgspec.json.decode(data, type=Result)
    except msgspec.DecodeError as error:
        raise ResultError(f"no result of a load test: {error}") from error
    if result.version != VERSION:
        raise ResultError(f"a result of version {result.version}, this is for {VERSION}")
    return result
