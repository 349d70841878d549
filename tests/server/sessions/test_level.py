import itertools
from collections.abc import Callable

from hypothesis import given
from hypothesis import strategies as st

from esapr.protocol.messages import Level
from esapr.server.sessions.level import (
    CALM,
    LEVELS,
    LONGEST_CALM,
    PATIENCE,
    SHARES,
    STRAIN,
    LevelControl,
    Thinning,
)


def levels(strain: Callable[[Level], float], seconds: int) -> list[Level]:
    """Return the level of each second of a server that drops a share which depends on it."""
    control = LevelControl()
    return [control.update(strain(control.level), float(second)) for second in range(seconds)]


def test_a_server_that_drops_nothing_analyses_everything() -> None:
    assert set(levels(lambda _: 0.0, 100)) == {"full"}


def test_a_hiccup_does_not_lower_the_level() -> None:
    control = LevelControl()
    assert control.update(1.0, 0.0) == "full"
    assert control.update(0.0, PATIENCE) == "full"
    assert control.update(1.0, 2 * PATIENCE) == "full"


def test_a_small_share_of_drops_does_not_lower_the_level() -> None:
    assert set(levels(lambda _: STRAIN, 100)) == {"full"}


def test_lasting_strain_lowers_the_level_step_by_step() -> None:
    assert levels(lambda _: 1.0, 4) == ["full", "reduced", "minimal", "minimal"]


def test_the_level_rises_step_by_step_once_nothing_is_dropped() -> None:
    control = LevelControl()
    for second in range(4):
        control.update(1.0, second)
    calm = [control.update(0.0, 3 + second) for second in range(1, 12)]
    assert calm.index("reduced") + 1 == CALM
    assert calm.index("full") + 1 == 2 * CALM


def test_a_server_at_its_limit_does_not_swing() -> None:
    """At half the pictures it keeps up, with all of them it does not: tries become rare."""
    seen = levels(lambda level: 0.5 if level == "full" else 0.0, 600)
    changes = [at for at in range(1, 600) if seen[at] != seen[at - 1]]
    rises = [at for at in changes if seen[at] == "full"]
    assert rises[1] - rises[0] < rises[2] - rises[1]
    assert rises[-1] - rises[-2] >= LONGEST_CALM
    assert seen.count("full") < 600 / 10


def test_a_long_calm_forgets_that_the_server_was_at_its_limit() -> None:
    control = LevelControl()
    for second in range(200):
        control.update(0.5 if control.level == "full" else 0.0, second)
    for second in range(200, 400):
        control.update(0.0, second)
    assert control.level == "full"
    for second in range(400, 403):
        control.update(1.0, second)
    recovery = [control.update(0.0, 402 + second) for second in range(1, 13)]
    assert recovery.index("full") + 1 <= 2 * CALM + 1


@given(st.lists(st.floats(0, 1), max_size=300), st.sampled_from((0.1, 1.0, 5.0)))
def test_the_level_moves_one_step_at_a_time(strains: list[float], tick: float) -> None:
    control = LevelControl()
    places = [LEVELS.index(control.update(s, i * tick)) for i, s in enumerate(strains)]
    assert all(abs(a - b) <= 1 for a, b in itertools.pairwise(places))


@given(st.sampled_from(LEVELS), st.integers(1, 500))
def test_thinning_picks_its_share_evenly(level: Level, count: int) -> None:
    share, thinning = SHARES[level].pictures, Thinning()
    picked = [thinning.picks(share) for _ in range(count)]
    assert picked[0]
    assert abs(sum(picked) - share * count) <= 2
