"""What the rule names, whatever was shown."""

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from esapr.protocol import limits
from esapr.protocol.events import HelpLine
from esapr.protocol.recommendations import Basis, Recommendations
from esapr.server.support.aftercare import Aftercare, Shown
from esapr.server.support.catalogue import Catalogue
from esapr.server.support.recommendations import (
    PER_STEP,
    PURPOSES,
    REACH,
    distance,
    recommend,
    recommendations,
    way_to,
)
from esapr.server.support.watch import Watch
from esapr.server.trust.opening import installed_policy
from esapr.server.trust.policy import NEVER
from tests.server.records.stored import state
from tests.server.support.test_catalogue import SHIPPED

SIDE = st.floats(-1.0, 1.0)
POINTS = st.tuples(SIDE, SIDE)
SAD, ANGRY, HAPPY = (-0.63, -0.27), (-0.51, 0.59), (0.81, 0.51)
LINES = [HelpLine("a", "A line", "day and night", phone="123")]
ENOUGH = limits.RECOMMENDATION_SECONDS * 1000


def care(
    point: tuple[float, float] = SAD,
    *,
    ms: int = ENOUGH,
    purpose: str = "self_reflection",
    agreed: bool = True,
) -> Aftercare:
    shown = Shown(ms, ms * point[0], ms * point[1])
    return Aftercare(purpose, "en", agreed, Watch(LINES), shown)


def answer(about: Aftercare) -> Recommendations:
    return recommendations("s", about, SHIPPED)


def test_what_is_sad_is_met_first_and_then_left() -> None:
    found = recommend(SHIPPED, Basis(60.0, *SAD), "en")
    steps = [each.because.step for each in found]

    assert "bach-goldberg-25" in [each.id for each in found[:4]]
    assert steps == sorted(steps, key=("match", "towards", "goal").index)
    assert {*steps} == {"match", "towards", "goal"}
    # The first of a step are of different kinds.
    assert len({each.kind for each in found[:4]}) == 4


def test_what_is_angry_is_met_with_tension_and_breathing() -> None:
    first = {each.id for each in recommend(SHIPPED, Basis(60.0, *ANGRY), "en")[:6]}

    assert {"bach-wtc-1-c-minor", "long-out-breath.en"} <= first


def test_nobody_is_led_away_from_what_is_pleasant() -> None:
    found = recommend(SHIPPED, Basis(60.0, *HAPPY), "en")

    assert {each.because.step for each in found} == {"match"}


@given(POINTS, st.sampled_from(["en", "de", "fr"]), st.integers())
def test_the_rule_is_the_same_for_the_same_whatever_order_the_file_has(
    point: tuple[float, float], language: str, seed: int
) -> None:
    shuffled = [*SHIPPED.entries]
    random.Random(seed).shuffle(shuffled)
    other = Catalogue(SHIPPED.version, SHIPPED.goal, shuffled)
    basis = Basis(60.0, *point)
    found = recommend(SHIPPED, basis, language)

    # The order of kinds is that of the best of each, so it does not depend on the file's either.
    assert recommend(other, basis, language) == found
    assert len({each.id for each in found}) == len(found)


@given(POINTS)
def test_every_entry_fits_the_point_that_it_names(point: tuple[float, float]) -> None:
    regions = {each.id: each.region for each in SHIPPED.entries}
    found = recommend(SHIPPED, Basis(60.0, *point), "en")

    for each in found:
        because = each.because
        assert distance(regions[each.id], (because.valence, because.arousal)) <= REACH
    for step in ("match", "towards", "goal"):
        assert sum(each.because.step == step for each in found) <= PER_STEP


@given(POINTS)
def test_each_step_of_the_way_is_nearer_to_the_goal(point: tuple[float, float]) -> None:
    far = [distance(SHIPPED.goal, each) for _, each in way_to(SHIPPED.goal, point)]

    assert far == sorted(far, reverse=True)
    assert far[-1] == 0 or len(far) == 1


@given(POINTS, st.one_of(st.sampled_from([*NEVER, "crisis_line", ""]), st.text()))
def test_work_and_recruitment_never_get_any(point: tuple[float, float], purpose: str) -> None:
    about = answer(care(point, purpose=purpose))

    if purpose not in PURPOSES:
        assert about.abstain
        assert about.abstain.reason == "purpose_excluded"
        assert (about.items, about.basis) == ([], None)


def test_the_purposes_that_get_some_are_those_that_the_policy_allows() -> None:
    policy = installed_policy(None)

    assert PURPOSES.isdisjoint(NEVER)
    for purpose in policy.purposes:
        outcomes = {policy.decide(purpose, place).outcome for place in ("DE", "US-IL", "")}
        assert (purpose in PURPOSES) == ("allow" in outcomes), purpose


@pytest.mark.parametrize(
    ("about", "reason"),
    [
        (care(agreed=False), "not_agreed"),
        (care(ms=0), "too_little_evidence"),
        (care(ms=ENOUGH - 1), "too_little_evidence"),
        (care(purpose="recruitment", agreed=False, ms=0), "purpose_excluded"),
    ],
)
def test_why_nothing_is_named(about: Aftercare, reason: str) -> None:
    said = answer(about)

    assert said.abstain
    assert (said.abstain.reason, said.abstain.needed_seconds) == (reason, 30)
    assert (said.items, said.basis, said.help_lines) == ([], None, [])


def test_at_the_edge_of_the_evidence_something_is_named() -> None:
    said = answer(care(ms=ENOUGH))

    assert said.abstain is None
    assert said.basis == Basis(30.0, *SAD)
    assert said.items


def test_help_lines_are_there_whatever_else_is() -> None:
    for about in (care(), care(agreed=False), care(ms=0)):
        assert answer(about).help_lines == []
        assert about.line("I want to kill myself", 3.0)
        assert answer(about).help_lines == LINES


def test_means_weigh_a_state_by_its_length() -> None:
    about = care(ms=0)
    for seq, label in enumerate(("happy", None, "happy")):
        about.state(state(seq, label))

    assert about.shown.basis() == Basis(2.0, 0.5, 0.25)


def test_without_agreement_nothing_is_summed() -> None:
    about = care(ms=0, agreed=False)
    about.state(state(0))

    assert about.shown == Shown()
