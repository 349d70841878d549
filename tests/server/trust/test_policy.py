"""The rules: for which purpose, and where, people may be analysed."""

from datetime import date
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from esapr.protocol.requests import SubjectFlag
from esapr.server.trust.opening import installed_policy
from esapr.server.trust.policy import NEVER, Policy, PolicyError, read_policy

ROOT = Path(__file__).parents[3]
SHIPPED = installed_policy(None)
PLACES = ["", "EU", "DE", "FR", "US", "US-IL", "US-TX", "US-WA", "US-CA", "GB", "BR"]
SHIPPED_TEXT = """
version = "1"
cohorts = {cohorts}
groups = {{ EU = ["DE"] }}
[[rules]]
id = "purposes"
purposes = ["telehealth"]
jurisdictions = ["*"]
outcome = "allow"
reason = "r"
source = "s"
checked = 2026-01-01
{rules}
"""
REFUSED = """
[[rules]]
id = "{purpose}"
purposes = ["{purpose}"]
jurisdictions = ["*"]
outcome = "refuse"
reason = "r"
source = "s"
checked = 2026-01-01
"""


def outcome(purpose: str, jurisdiction: str, *flags: SubjectFlag) -> tuple[str, str]:
    decision = SHIPPED.decide(purpose, jurisdiction, flags)
    return decision.outcome, decision.rule.id


def deployed(text: str) -> Policy:
    rules = "".join(REFUSED.format(purpose=purpose) for purpose in NEVER)
    return read_policy(SHIPPED_TEXT.format(rules=rules, cohorts=["telehealth"]), text)


def rule(purpose: str, place: str, what: str) -> str:
    return f"""
    [[rules]]
    id = "ours"
    purposes = ["{purpose}"]
    jurisdictions = ["{place}"]
    outcome = "{what}"
    reason = "decided by the board"
    source = "minutes of 2026-01-01"
    checked = 2026-01-01
    """


def test_telehealth_is_allowed_with_a_notice_in_the_eu() -> None:
    decision = SHIPPED.decide("telehealth", "DE")
    assert decision.outcome == "allow"
    assert {"eu-ai-act-50-3", "eu-gdpr-9"} <= set(decision.notices)


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("purpose", ["workplace", "recruitment", "education", "law_enforcement"])
def test_workplace_recruitment_and_education_are_refused_everywhere(
    purpose: str, place: str
) -> None:
    assert outcome(purpose, place)[0] == "refuse"


def test_the_refusal_names_its_source() -> None:
    refusal = SHIPPED.decide("recruitment", "DE").rule
    assert refusal.id == "eu-ai-act-5-1-f-workplace"
    assert "2024/1689, Art. 5(1)(f)" in refusal.source


def test_therapy_is_refused_in_illinois_and_allowed_where_no_rule_forbids_it() -> None:
    assert outcome("therapy", "US-IL") == ("refuse", "us-il-pa-104-0054")
    assert outcome("therapy", "DE")[0] == outcome("therapy", "US-TX")[0] == "allow"


def test_a_country_has_the_rules_of_its_parts() -> None:
    assert outcome("therapy", "US") == ("refuse", "us-il-pa-104-0054")


@pytest.mark.parametrize("place", ["", "GB", "US-CA"])
def test_a_place_that_was_not_reviewed_has_the_rules_of_every_place(place: str) -> None:
    decision = SHIPPED.decide("therapy", place)
    assert (decision.outcome, decision.reviewed) == ("refuse", False)
    assert outcome("telehealth", place)[0] == "allow"
    assert {"us-il-bipa", "eu-gdpr-9"} <= set(SHIPPED.decide("telehealth", place).notices)


@pytest.mark.parametrize("purpose", ["marketing", "", "*", "Telehealth"])
def test_an_unknown_purpose_is_refused(purpose: str) -> None:
    for place in PLACES:
        assert outcome(purpose, place) == ("refuse", "default_deny")


@pytest.mark.parametrize("flag", ["minor", "incapacitated"])
@pytest.mark.parametrize("place", PLACES)
def test_people_who_cannot_consent_are_refused(flag: SubjectFlag, place: str) -> None:
    assert outcome("telehealth", place, flag) == ("refuse", flag)


def test_a_crisis_line_is_served_text_alone() -> None:
    assert outcome("crisis_line", "DE") == ("text_only", "crisis")


def test_a_deployment_can_be_stricter() -> None:
    policy = deployed(rule("telehealth", "DE", "refuse"))
    assert policy.decide("telehealth", "DE").rule.id == "ours"
    assert policy.decide("telehealth", "GB").outcome == "refuse"  # not reviewed: the strictest
    assert (
        deployed(rule("telehealth", "*", "text_only")).decide("telehealth", "GB").rule.id == "ours"
    )


def test_a_deployment_cannot_open_a_purpose() -> None:
    with pytest.raises(PolicyError, match="only be stricter"):
        deployed(rule("marketing", "*", "allow"))
    assert (
        deployed(rule("marketing", "*", "text_only")).decide("marketing", "DE").outcome == "refuse"
    )


OVERRIDE = """
[[overrides]]
rule = "{rule}"
jurisdictions = ["{place}"]
reason = "advice of counsel, 2026-01-01"
person = "Dr A. Example"
"""


def test_an_override_holds_where_it_says_and_is_named(tmp_path: Path) -> None:
    file = tmp_path / "policy.toml"
    file.write_text(OVERRIDE.format(rule="us-il-pa-104-0054", place="GB"))
    policy = installed_policy(str(file))
    decision = policy.decide("therapy", "GB")
    assert decision.outcome == "allow"
    assert [override.person for override in decision.overridden] == ["Dr A. Example"]
    assert policy.decide("therapy", "US-IL").outcome == "refuse"
    assert policy.decide("telehealth", "GB").overridden == []


def test_an_override_opens_no_purpose_that_nothing_allows(tmp_path: Path) -> None:
    file = tmp_path / "policy.toml"
    file.write_text(OVERRIDE.format(rule="coercion", place="*"))
    assert installed_policy(str(file)).decide("law_enforcement", "GB").outcome == "refuse"


def test_a_file_that_is_missing_is_named(tmp_path: Path) -> None:
    with pytest.raises(PolicyError, match="policy_file"):
        installed_policy(str(tmp_path / "nothing.toml"))


@pytest.mark.parametrize("purpose", NEVER)
def test_nobody_can_override_what_is_never_done(purpose: str) -> None:
    with pytest.raises(PolicyError, match="can never be allowed"):
        deployed(OVERRIDE.format(rule=purpose, place="*"))


def test_an_override_of_nothing_is_a_mistake() -> None:
    with pytest.raises(PolicyError, match="no such rule"):
        deployed(OVERRIDE.format(rule="minr", place="*"))


@pytest.mark.parametrize("purpose", NEVER)
@pytest.mark.parametrize("what", ["missing", "allow", "only in the EU"])
def test_no_server_starts_with_rules_that_do_not_refuse_it(purpose: str, what: str) -> None:
    refused = {each: REFUSED.format(purpose=each) for each in NEVER}
    refused[purpose] = {
        "missing": "",
        "allow": refused[purpose].replace('"refuse"', '"allow"'),
        "only in the EU": refused[purpose].replace('"*"', '"EU"'),
    }[what]
    with pytest.raises(PolicyError, match=f"{purpose} must be refused everywhere"):
        read_policy(
            SHIPPED_TEXT.format(rules="".join(refused.values()), cohorts=["research"]), None
        )


@pytest.mark.parametrize("purpose", NEVER)
def test_candidates_workers_and_pupils_never_stand_beside_a_group(purpose: str) -> None:
    rules = "".join(REFUSED.format(purpose=each) for each in NEVER)

    refused = f"cohorts: nobody is compared with others for {purpose}"
    with pytest.raises(PolicyError, match=refused):
        read_policy(SHIPPED_TEXT.format(rules=rules, cohorts=["research", purpose]), None)
    with pytest.raises(PolicyError, match=refused):
        deployed(f'cohorts = ["telehealth", "{purpose}"]')


def test_nobody_stands_beside_a_group_where_a_deployment_does_not_say_so() -> None:
    assert SHIPPED.cohorts == frozenset()
    assert deployed('cohorts = ["telehealth"]').cohorts == {"telehealth"}


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("rules = 1", "rules"),
        ("[[rules]]\nid = 'x'", "purposes"),
        ("nonsense", "rules"),
        (rule("telehealth", "*", "perhaps"), "outcome"),
        (rule("telehealth", "*", "refuse").replace('"ours"', '"purposes"'), "already"),
        (OVERRIDE.format(rule="purposes", place="*").replace("Dr A. Example", ""), "person"),
    ],
)
def test_a_bad_file_is_named(text: str, said: str) -> None:
    with pytest.raises(PolicyError, match=said):
        deployed(text)


def test_every_rule_was_compared_with_its_source_and_the_page_says_with_what() -> None:
    page = (ROOT / "docs/explanation/law.md").read_text(encoding="utf-8")
    read = page.partition("## What was read")[2].partition("\n## ")[0]

    for rule in SHIPPED._rules:
        assert rule.checked <= date.fromisoformat(SHIPPED.version), rule.id
        assert f"`{rule.id}`" in read, rule.id


def test_a_rule_that_nobody_has_compared_with_its_source_decides_nothing() -> None:
    text = rule("telehealth", "*", "refuse").replace("checked = 2026-01-01", "")

    with pytest.raises(PolicyError, match="checked"):
        deployed(text)


@given(
    st.sampled_from([*SHIPPED.purposes, "other"]),
    st.sampled_from(PLACES),
    st.sets(st.sampled_from(["minor", "incapacitated"])),
)
def test_no_place_is_looser_than_an_unknown_one_is_strict(
    purpose: str, place: str, flags: set[SubjectFlag]
) -> None:
    strictness = ["allow", "text_only", "refuse"].index
    known = SHIPPED.decide(purpose, place, flags).outcome
    assert strictness(known) <= strictness(SHIPPED.decide(purpose, "", flags).outcome)
