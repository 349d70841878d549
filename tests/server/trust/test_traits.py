"""For whom traits may be guessed."""

import pytest

from esapr.server.trust.opening import installed_policy
from esapr.server.trust.traits import PURPOSES, allowed


@pytest.mark.parametrize(
    ("purpose", "covers", "expected"),
    [
        ("research", ["records", "traits"], True),
        ("self_reflection", ["traits"], True),
        ("research", ["records", "text"], False),
        ("therapy", ["traits"], False),
        ("recruitment", ["traits"], False),
        ("", ["traits"], False),
    ],
)
def test_agreement_and_purpose_have_to_be_there(
    purpose: str, covers: list[str], expected: bool
) -> None:
    assert allowed(purpose, covers) is expected


def test_no_purpose_is_one_that_rules_refuse() -> None:
    policy = installed_policy(None)
    assert {policy.decide(purpose, "", []).outcome for purpose in PURPOSES} == {"allow"}
