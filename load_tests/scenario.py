"""What a load test plays: a scenario, read strictly from a TOML file.

Times are seconds of the run's clock, which is 0 when the first session is asked for.
"""

import tomllib
from collections.abc import Mapping
from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta, Struct

MediaProfile = Literal[
    "vp8-640x480@15", "vp8-320x240@10", "h264-640x480@15", "audio-only", "plain-vp8-640x480@15"
]
"""What a WebRTC peer sends: a video codec, size and pictures a second, with Opus; or Opus alone.

Peers send Opus as the server's answer asks for it, but in ``plain``: in packets of 20 ms, silence
too, as a sender does that knows nothing of such wishes.
"""

Name = Annotated[str, Meta(pattern=r"^[a-z0-9][a-z0-9@.-]*$", max_length=64)]
Seconds = Annotated[float, Meta(ge=0, le=86_400)]
Share = Annotated[float, Meta(ge=0, le=1)]
Count = Annotated[int, Meta(ge=0)]


class ScenarioError(Exception):
    """A scenario cannot be played; the message names the field."""


class Churn(Struct, frozen=True, forbid_unknown_fields=True):
    """Further sessions that come at random times (Poisson) and stay a random time (exponential)."""

    joins_per_minute: Annotated[float, Meta(gt=0, le=6_000)]
    mean_stay_seconds: Annotated[float, Meta(gt=0, le=86_400)]


class Fault(Struct, frozen=True, forbid_unknown_fields=True):
    """Something that is broken on purpose, ``at_seconds`` on the run's clock."""

    kind: Name
    at_seconds: Seconds


class Thresholds(Struct, frozen=True, forbid_unknown_fields=True):
    """What a run must keep to pass; one that is left out is not looked at."""

    due_share: Share | None = None
    """Least share of due states that were received."""
    p50_ms: Annotated[float, Meta(gt=0)] | None = None
    p95_ms: Annotated[float, Meta(gt=0)] | None = None
    p99_ms: Annotated[float, Meta(gt=0)] | None = None
    """Most milliseconds from capture to the state's arrival."""
    accuracy: Share | None = None
    """Least share of judged states that are right."""
    coverage: Share | None = None
    """Least share of due states that carry an expression."""
    gaps: Count | None = None
    """Most states that never came."""
    lost_sessions: Count | None = None
    """Most sessions that ended before their time."""
    setup_p95_ms: Annotated[float, Meta(gt=0)] | None = None
    """Most milliseconds from asking for a session to its first media."""
    reconnect_seconds: Annotated[float, Meta(gt=0)] | None = None
    """Longest time that a session's feed was gone."""
    cadence_seconds: Annotated[float, Meta(gt=0)] | None = None
    """Longest time from a fault until every session has its states again."""
    memory_slope_mb_per_hour: float | None = None
    """Steepest growth of the server's memory, by least squares over the second half of the run."""


class Scenario(Struct, frozen=True, forbid_unknown_fields=True):
    """One load test."""

    name: Name
    peers: Annotated[int, Meta(ge=1, le=10_000)]
    """Sessions that stay from their turn in the ramp to the end."""
    seconds: Annotated[float, Meta(ge=5, le=86_400)]
    """How long all of them play together, after the ramp."""
    ramp_seconds: Seconds = 0.0
    """Over which the sessions join, evenly."""
    processes: Annotated[int, Meta(ge=1, le=256)] = 1
    """Processes of the harness, which share the sessions."""
    gateways: Annotated[int, Meta(ge=1, le=256)] = 1
    """Processes of the server that the harness starts; not used with a server that runs."""
    clip: str = ""
    """Labelled clip to play, a path from the scenario's folder; empty: the shipped portrait."""
    media: MediaProfile = "vp8-640x480@15"
    text_every_seconds: Annotated[float, Meta(ge=0, le=86_400)] = 10.0
    """Between two lines of chat of a session; 0: none."""
    subscribers: Annotated[int, Meta(ge=0, le=1_000)] = 0
    """Further sockets that read each session's states."""
    rooms: Annotated[int, Meta(ge=0, le=10_000)] = 0
    """Rooms over which the sessions are spread; 0: each has its own."""
    partners: Annotated[int, Meta(ge=0, le=10_000)] = 0
    """How many of ``peers`` send pictures and sound over the WebSocket, not by WebRTC."""
    churn: Churn | None = None
    network: Name = "clean"
    """Network profile that all WebRTC media of the run cross."""
    chaos: tuple[Fault, ...] = ()
    seed: Count = 0
    """Of everything that is left to chance."""
    thresholds: Thresholds = Thresholds()

    def __post_init__(self) -> None:
        """Check what concerns two fields.

        Raises:
            ValueError: they contradict each other.
        """
        if self.partners > self.peers:
            raise ValueError(f"`partners` is at most `peers`, {self.peers}, got {self.partners}")
        for fault in self.chaos:
            if fault.at_seconds > self.ends_at:
                raise ValueError(f"`chaos`: {fault.kind} comes after the end, {self.ends_at:g} s")

    @property
    def ends_at(self) -> float:
        """When everybody leaves, in seconds of the run's clock."""
        return self.ramp_seconds + self.seconds


def read_scenario(text: str) -> Scenario:
    """Return the scenario that ``text``, in TOML, describes.

    Raises:
        ScenarioError: it is no TOML, or has a field that is unknown, missing or out of range.
    """
    try:
        return msgspec.convert(tomllib.loads(text), Scenario)
    except tomllib.TOMLDecodeError as error:
        raise ScenarioError(f"no TOML: {error}") from error
    except msgspec.ValidationError as error:
        raise ScenarioError(str(error)) from error


def changed(scenario: Scenario, fields: Mapping[str, Any]) -> Scenario:
    """Return ``scenario`` with other values in some fields, checked as those of a file are.

    Raises:
        ScenarioError: one is out of range, or does not go with the rest.
    """
    try:
        return msgspec.convert({**msgspec.to_builtins(scenario), **fields}, Scenario)
    except msgspec.ValidationError as error:
        raise ScenarioError(str(error)) from error
