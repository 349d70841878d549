"""What a request has to bring: a purpose that the rules allow, and a receipt of consent."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec
import pytest

from esapr.protocol.errors import ProtocolError
from esapr.protocol.limits import MAX_CONSENT_AHEAD_SECONDS
from esapr.protocol.requests import SessionRequest
from esapr.server.trust.gate import Gate
from esapr.server.trust.notices import NoticeError, Notices, read_notices
from esapr.server.trust.opening import installed_policy

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
GATE = Gate(installed_policy(None), read_notices(None), consent_days=365)
RECEIPT: dict[str, object] = {
    "subject": "ann",
    "text_version": "2026-11",
    "given_at": NOW.isoformat(),
    "method": "checkbox",
}


def request(receipt: dict[str, object] | None = None, **fields: Any) -> SessionRequest:
    body: dict[str, object] = {
        "purpose": "telehealth",
        "jurisdiction": "DE",
        "consent": RECEIPT | (receipt or {}),
        **fields,
    }
    return msgspec.convert(body, SessionRequest)


def refusal(wanted: SessionRequest) -> tuple[str, str | None, str | None]:
    with pytest.raises(ProtocolError) as refused:
        GATE.admit(wanted, NOW)
    return str(refused.value.code), refused.value.field, refused.value.rule


def test_a_request_that_brings_everything_is_let_in() -> None:
    admission = GATE.admit(request(), NOW)
    assert admission.policy.outcome == "allow"
    assert admission.policy.rule == "purposes"
    assert "eu-ai-act-50-3" in admission.policy.notice_rules
    assert "emotion recognition" in admission.notice.text


@pytest.mark.parametrize(
    ("changes", "field", "rule"),
    [
        ({"purpose": "recruitment"}, "purpose", "eu-ai-act-5-1-f-workplace"),
        ({"purpose": "shopping"}, "purpose", "default_deny"),
        ({"purpose": "therapy", "jurisdiction": "US-IL"}, "jurisdiction", "us-il-pa-104-0054"),
        ({"subject_flags": ["minor"]}, "subject_flags", "minor"),
        ({"purpose": "crisis_line"}, "modalities", "crisis"),
        ({"purpose": "crisis_line", "modalities": ["text", "voice"]}, "modalities", "crisis"),
    ],
)
def test_what_the_rules_refuse_names_the_field_and_the_rule(
    changes: dict[str, object], field: str, rule: str
) -> None:
    assert refusal(request(**changes)) == ("policy_refused", field, rule)


def test_text_alone_is_let_in_where_nothing_else_is() -> None:
    wanted = request(purpose="crisis_line", modalities=["text"])
    assert GATE.admit(wanted, NOW).policy.outcome == "text_only"


def test_a_purpose_has_to_be_named_and_a_place_may_be_left_out() -> None:
    body = {"consent": RECEIPT}
    assert refusal(msgspec.convert(body, SessionRequest)) == ("config_invalid", "purpose", None)
    body["purpose"] = "telehealth"  # type: ignore[assignment]
    admission = GATE.admit(msgspec.convert(body, SessionRequest), NOW)
    assert "us-il-bipa" in admission.policy.notice_rules


def moment(**ago: float) -> str:
    return (NOW - timedelta(**ago)).isoformat()


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"text_version": "2025-01"}, "consent.text_version"),
        ({"given_at": moment(days=366)}, "consent.given_at"),
        ({"given_at": moment(seconds=-MAX_CONSENT_AHEAD_SECONDS - 1)}, "consent.given_at"),
    ],
)
def test_a_receipt_of_another_text_or_time_proves_nothing(
    change: dict[str, object], field: str
) -> None:
    assert refusal(request(change)) == ("consent_required", field, None)


@pytest.mark.parametrize("given_at", [moment(days=365), moment(seconds=-MAX_CONSENT_AHEAD_SECONDS)])
def test_a_receipt_at_the_limits_is_taken(given_at: str) -> None:
    assert GATE.admit(request({"given_at": given_at}), NOW)


def test_the_current_version_is_named() -> None:
    with pytest.raises(ProtocolError, match="2026-11"):
        GATE.admit(request({"text_version": "1"}), NOW)


def test_no_receipt_no_session() -> None:
    wanted = msgspec.convert({"purpose": "telehealth", "jurisdiction": "DE"}, SessionRequest)
    assert refusal(wanted) == ("consent_required", "consent", None)


def test_the_rules_are_asked_before_the_receipt() -> None:
    """Nobody is asked to consent to what is refused all the same."""
    wanted = msgspec.convert({"purpose": "recruitment", "jurisdiction": "DE"}, SessionRequest)
    assert refusal(wanted)[0] == "policy_refused"


def test_a_language_without_a_notice_is_named() -> None:
    assert refusal(request({"language": "fr"})) == ("config_invalid", "consent.language", None)
    assert "Einwilligung" in GATE.admit(request({"language": "de"}), NOW).notice.text


@pytest.mark.parametrize(
    "bad",
    [
        {"jurisdiction": "Germany"},
        {"jurisdiction": "de"},
        {"subject_flags": ["child"]},
        {"consent": RECEIPT | {"given_at": "2026-11-23"}},
        {"consent": RECEIPT | {"given_at": "2026-11-23T12:00:00"}},
        {"consent": RECEIPT | {"covers": ["media"]}},
        {"consent": RECEIPT | {"method": "Ada said so"}},
        {"consent": RECEIPT | {"extra": 1}},
    ],
)
def test_what_the_protocol_does_not_know_is_refused(bad: dict[str, object]) -> None:
    with pytest.raises(msgspec.ValidationError):
        request(**bad)


def test_every_shipped_notice_says_what_it_must() -> None:
    notices = read_notices(None)
    assert notices.languages == ["de", "en"]
    for language, words in {
        "en": ("artificial intelligence", "emotion recognition", "not say what you feel", "erased"),
        "de": ("künstliche Intelligenz", "Emotionserkennung", "nicht, was Sie fühlen", "gelöscht"),
    }.items():
        assert all(word in notices.get(language, "language").text for word in words)


def test_a_deployments_newest_notice_takes_the_place_of_the_shipped_one(tmp_path: Path) -> None:
    for version, text in {"2025-12": "old", "2026-02": "new"}.items():
        (tmp_path / f"{version}.en.txt").write_text(text)
    (tmp_path / "2025-12.fr.txt").write_text("vieux")
    notices = read_notices(str(tmp_path))
    assert (notices.version, notices.languages) == ("2026-02", ["en"])
    assert notices.get("en", "language").text == "new"
    assert notices.text("fr") == "new"


def test_a_folder_without_notices_is_named(tmp_path: Path) -> None:
    with pytest.raises(NoticeError, match="notice_dir"):
        read_notices(str(tmp_path))
    (tmp_path / "1.en.txt").write_bytes(b"\xff")
    with pytest.raises(NoticeError, match="cannot be read"):
        Notices(tmp_path.iterdir())
