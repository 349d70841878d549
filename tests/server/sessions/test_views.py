"""What each view shows, and above all what it does not."""

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import hypothesis.strategies as st
import pytest
from hypothesis import given
from msgspec.structs import replace

from esapr.protocol.codec import Format, decode_server, encode
from esapr.protocol.messages import Fused, State
from esapr.protocol.rooms import Aggregate, Member, MemberJoined, MemberLeft, Trend
from esapr.server.sessions.outbox import Broadcast
from esapr.server.sessions.views import SCOPES, VIEW, Channel, Views
from tests.server.sessions.examples import state

WIRE = Path(__file__).parents[2] / "wire"
TREND_FIELDS = {
    "type",
    "session",
    "participant",
    "seq",
    "t_start_ms",
    "t_end_ms",
    "valence",
    "arousal",
}
AGGREGATE_FIELDS = {"type", "room", "mean", "withheld"}
DIRECTIONS = ("rising", "steady", "falling", None)


def fused(valence: float = 0.5, arousal: float = 0.0, happy: float = 0.7) -> Fused:
    rest = (1 - happy) / 6
    return Fused("happy", [rest, rest, rest, happy, rest, rest, rest], happy, valence, arousal)


FULL = decode_server((WIRE / "state.json").read_bytes(), Format.JSON)
"""A state with everything that a state can have."""

STATES = st.builds(
    lambda seq, name, shown: replace(
        FULL, seq=seq, session=f"s-{name}", participant=name, fused=shown
    ),
    st.integers(0, 99),
    st.sampled_from("abcd"),
    st.none() | st.builds(fused, st.floats(-1, 1), st.floats(-1, 1), st.floats(0, 1)),
)


def shown(views: Views, states: Iterable[State], view: str, seconds: float = 1.0) -> list[Any]:
    """Everything that a view shows of states that come ``seconds`` apart, as sent."""
    found = []
    for number, message in enumerate(states):
        for channel, item in views.of_state(Broadcast(message), message, number * seconds):
            if channel.view == view:
                found.append(json.loads(item.encoded(Format.JSON)))
    return found


@given(st.lists(STATES, max_size=12))
def test_trends_show_directions_and_never_a_score(states: list[State]) -> None:
    for message in shown(Views("room"), states, "trends"):
        assert message.keys() == TREND_FIELDS
        assert message["valence"] in DIRECTIONS
        assert message["arousal"] in DIRECTIONS


@given(st.lists(STATES, max_size=12))
def test_aggregates_name_nobody(states: list[State]) -> None:
    for message in shown(Views("room"), states, "aggregate"):
        assert message.keys() == AGGREGATE_FIELDS
        assert message["room"] == "room"
        if message["mean"]:
            assert message["mean"].keys() == {"people", "probs", "valence", "arousal"}


@given(st.lists(st.sampled_from("abcd"), max_size=30), st.randoms())
def test_no_mean_over_fewer_than_three_people(names: list[str], random: Any) -> None:
    views = Views("room")
    people: set[str] = set()
    for seq, name in enumerate(names):
        # Several sessions of one person are one person.
        message = state(seq, f"{name}{random.randrange(3)}", name, fused())
        people.add(name)
        (mean,) = [
            item.message.mean
            for _, item in views.of_state(Broadcast(message), message, float(seq))
            if isinstance(item.message, Aggregate)
        ]
        if len(people) < 3:
            assert mean is None
        elif mean:
            assert 3 <= mean.people <= len(people)


@given(STATES, STATES)
def test_ones_own_view_has_ones_own_states_alone(one: State, other: State) -> None:
    views = Views("room")
    for message in (one, other):
        for channel, item in views.of_state(Broadcast(message), message, 0.0):
            if channel.view == "own":
                assert channel.session == message.session
                assert item.message is message


def test_three_people_are_shown_as_their_mean() -> None:
    views = Views("room")
    states = [
        state(0, "a", "ann", fused(valence=0.9, happy=0.9)),
        state(0, "b", "bob", fused(valence=0.0, happy=0.3)),
        state(0, "c", "cat", fused(valence=0.3, happy=0.6)),
    ]
    first, second, third = shown(views, states, "aggregate")
    assert first["withheld"] == second["withheld"] == {"reason": "too_few_people", "needed": 3}
    assert third["withheld"] is None
    assert (third["mean"]["people"], third["mean"]["probs"][3]) == (3, 0.6)
    assert third["mean"]["valence"] == pytest.approx(0.4)


def test_who_leaves_falls_silent_or_abstains_no_longer_counts() -> None:
    def mean_after(views: Views, message: State, now: float) -> Any:
        return [
            item.message.mean
            for _, item in views.of_state(Broadcast(message), message, now)
            if isinstance(item.message, Aggregate)
        ][-1]

    def three() -> Views:
        views = Views("room")
        for name in ("ann", "bob", "cat"):
            message = state(0, name, name, fused())
            list(views.of_state(Broadcast(message), message, 0.0))
        return views

    stays = state(1, "ann", "ann", fused())
    assert mean_after(three(), stays, 1.0).people == 3
    assert mean_after(three(), stays, 11.0) is None
    assert mean_after(three(), state(1, "bob", "bob"), 1.0) is None
    left = three()
    event = MemberLeft("room", "cat", "cat", "closed")
    list(left.of_event(Broadcast(event), event))
    assert mean_after(left, stays, 1.0) is None


def test_a_trend_follows_the_expression_and_needs_time() -> None:
    brighter = [state(n, fused=fused(valence=-0.5 + n / 40)) for n in range(40)]
    trends = shown(Views("room"), brighter, "trends")
    assert {trend["valence"] for trend in trends[:10]} == {None}
    assert trends[-1]["valence"] == "rising"
    assert trends[-1]["arousal"] == "steady"
    darker = [state(n, fused=fused(valence=0.5 - n / 40)) for n in range(40)]
    assert shown(Views("room"), darker, "trends")[-1]["valence"] == "falling"


def test_no_trend_of_an_expression_that_is_not_there() -> None:
    there = [state(n, fused=fused()) for n in range(20)]
    gone = [state(n) for n in range(20, 40)]
    back = [state(n, fused=fused(valence=-0.9)) for n in range(40, 45)]
    trends = shown(Views("room"), [*there, *gone, *back], "trends")
    assert trends[19]["valence"] == "steady"
    assert {trend["valence"] for trend in trends[20:]} == {None}


def test_who_watches_the_aggregate_is_not_told_who_comes_and_goes() -> None:
    views = Views("room")
    for event in (MemberJoined("room", Member("a", "ann")), MemberLeft("room", "a", "ann", "idle")):
        told = {channel for channel, _ in views.of_event(Broadcast(event), event)}
        assert told == {Channel("full"), Channel("trends"), Channel("own", "a")}


def test_every_role_has_a_view_and_only_people_in_the_room_and_clinicians_may_mute() -> None:
    assert VIEW == {
        "participant": "own",
        "clinician": "full",
        "supervisor": "trends",
        "observer": "aggregate",
    }
    assert {role for role, scopes in SCOPES.items() if "mute" in scopes} == {
        "participant",
        "clinician",
    }


def test_a_trend_has_no_field_that_a_later_change_could_fill_with_a_score() -> None:
    trend = Trend("s", "p", 1, 0, 1, "rising", None)
    assert json.loads(encode(trend, Format.JSON)).keys() == TREND_FIELDS
