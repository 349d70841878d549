"""A session beside a group: ten people or nobody, who agreed, and none of them to be made out."""

from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from esapr.protocol.report import Expression
from esapr.server.config import ServerConfig
from esapr.server.records.buffer import Batch
from esapr.server.records.comparison import PEOPLE, cohort
from tests.server.http.keyed import bearer, keyed_server, make
from tests.server.records.stored import OPENED_MS, batch, probs, store_of

MINE = Expression(probs("happy"), 0.7, 0.5, 0.25)
HOLDER = "clinic"

pytestmark = pytest.mark.real_time


def people(count: int) -> list[Expression]:
    return [Expression(probs("sad"), 0.7, -0.5, number / 64) for number in range(count)]


@pytest.mark.parametrize(("count", "counted"), [(0, None), (9, None), (10, 10), (19, 10), (20, 20)])
def test_people_count_in_tens(count: int, counted: int | None) -> None:
    found = cohort(MINE, people(count))

    assert (found.people if found else None) == counted


def test_one_more_or_one_less_shows_nothing_of_that_one() -> None:
    assert cohort(MINE, people(PEOPLE)) == cohort(MINE, people(2 * PEOPLE - 1))


def test_the_difference_is_to_the_mean_of_all_with_two_digits() -> None:
    found = cohort(MINE, people(PEOPLE))

    assert found is not None
    assert (found.expression.valence, found.change.valence) == (-0.5, 1.0)
    assert found.expression.arousal == 0.07  # of 0.0703
    assert cohort(None, people(PEOPLE)) is None


def session(number: int, **changes: Any) -> Batch:
    """A session that has ended, of a person of its own who agreed."""
    made = batch(f"{number:032x}", f"person {number}", opened_ms=OPENED_MS + number)
    person = replace(made.openings[0].person, holder=changes.pop("holder", HOLDER))
    facts = replace(made.openings[0], person=person, **{"cohort": True, **changes})
    return Batch(openings=[facts], rows=made.rows, closings=made.closings)


async def test_only_others_who_agreed_for_the_same_purpose_and_holder(config: ServerConfig) -> None:
    again = session(9)
    same = replace(again.openings[0], person=session(1).openings[0].person)
    still_open = session(8)
    async with store_of(config) as store:
        for each in (
            session(0),
            session(2),
            session(1),
            session(3, cohort=False),
            session(4, purpose="research"),
            session(5, holder="rival"),
            session(6),
            Batch(openings=still_open.openings, rows=still_open.rows),
            Batch(openings=[same], rows=again.rows, closings=again.closings),
        ):
            await store.write(each)
        await store.erase([f"{6:032x}"], OPENED_MS, revoked=True)
        recording = await store.read(f"{0:032x}")
        assert recording is not None

        assert await store.group(recording, 50) == [f"{1:032x}", f"{2:032x}"]
        assert await store.group(recording, 1) == [f"{1:032x}"]


async def test_a_report_has_a_group_from_the_tenth_person_on(tmp_path: Path) -> None:
    config = ServerConfig(state_dir=str(tmp_path))
    async with store_of(config) as store:
        for number in range(PEOPLE):
            await store.write(session(number))
        private, trial = session(100, cohort=False), session(200, purpose="demonstration")
        await store.write(private)
        await store.write(trial)
        policy = tmp_path / "policy.toml"
        policy.write_text('cohorts = ["telehealth"]\n', encoding="utf-8")
        settings = {"policy_file": str(policy), "retention_days": 3650}
        async with keyed_server(tmp_path, **settings) as (http, keys, _):
            key = bearer(make(keys, HOLDER))

            async def report(number: int) -> dict[str, Any]:
                answer = await http.get(f"/v1/sessions/{number:032x}/report", headers=key)
                found: dict[str, Any] = await answer.json()
                return found

            nine = await report(0)
            assert (nine["cohort"], nine["absent"]["cohort"]) == (None, "too_few")
            await store.write(session(PEOPLE))
            ten = await report(0)
            assert ten["cohort"]["people"] == PEOPLE
            assert (await report(100))["absent"]["cohort"] == "not_covered"
            assert (await report(200))["absent"]["cohort"] == "not_allowed"


async def test_no_server_compares_unless_it_is_told_to(tmp_path: Path) -> None:
    async with store_of(ServerConfig(state_dir=str(tmp_path))) as store:
        for number in range(PEOPLE + 1):
            await store.write(session(number))
    async with keyed_server(tmp_path, retention_days=3650) as (http, keys, _):
        answer = await http.get(f"/v1/sessions/{0:032x}/report", headers=bearer(make(keys, HOLDER)))
        assert (await answer.json())["absent"]["cohort"] == "off"
