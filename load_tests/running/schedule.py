"""Who joins when, and leaves when. No I/O: chance comes from the scenario's seed."""

from collections.abc import Iterator
from random import Random

from msgspec import Struct

from esapr.load_tests.result import SessionKind
from esapr.load_tests.scenario import Churn, Scenario

SHORTEST_STAY_SECONDS = 3.0
"""A session that is over before its second state shows nothing."""


class Stay(Struct, frozen=True, array_like=True):
    """One session that is to be played; times are on the run's clock."""

    number: int
    name: str
    kind: SessionKind
    room: str
    """Empty: one of its own."""
    joins_at: float
    leaves_at: float


def stays(scenario: Scenario) -> list[Stay]:
    """Return every session of a run: those that stay to the end, then those that come and go."""
    times = [
        (number * scenario.ramp_seconds / scenario.peers, scenario.ends_at)
        for number in range(scenario.peers)
    ]
    if scenario.churn:
        times += _visits(scenario.churn, scenario.ends_at, Random(scenario.seed))
    return [
        Stay(
            number=number,
            name=f"load-{number}",
            kind="partner" if number < scenario.partners else "webrtc",
            room=f"load-{number % scenario.rooms}" if scenario.rooms else "",
            joins_at=joins_at,
            leaves_at=leaves_at,
        )
        for number, (joins_at, leaves_at) in enumerate(times)
    ]


def _visits(churn: Churn, end: float, chance: Random) -> Iterator[tuple[float, float]]:
    """Yield when each further session joins and leaves; all have left at the end."""
    joins_at = chance.expovariate(churn.joins_per_minute / 60)
    while joins_at + SHORTEST_STAY_SECONDS <= end:
        stay = max(SHORTEST_STAY_SECONDS, chance.expovariate(1 / churn.mean_stay_seconds))
        yield joins_at, min(joins_at + stay, end)
        joins_at += chance.expovariate(churn.joins_per_minute / 60)
