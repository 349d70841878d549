"""Who is let in: the policy, then the receipt of consent. No asyncio, no clock."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from msgspec import UNSET

from esapr.protocol import limits
from esapr.protocol.errors import ErrorCode, ProtocolError
from esapr.protocol.requests import Consent, Notice, PolicyDecision, SessionRequest
from esapr.server.trust.notices import Notices
from esapr.server.trust.policy import Decision, Policy

AHEAD = timedelta(seconds=limits.MAX_CONSENT_AHEAD_SECONDS)


@dataclass(frozen=True, slots=True)
class Admission:
    """Why a session may be opened, and what its people are to be shown."""

    purpose: str
    jurisdiction: str
    receipt: Consent
    decision: Decision
    policy: PolicyDecision
    notice: Notice


class Gate:
    """What a session has to pass."""

    def __init__(self, policy: Policy, notices: Notices, consent_days: int) -> None:
        """Take receipts that are at most ``consent_days`` old."""
        self.policy = policy
        self.notices = notices
        self._lasts = timedelta(days=consent_days)

    def admit(self, request: SessionRequest, now: datetime) -> Admission:
        """Return why a request is let in.

        Raises:
            ProtocolError: ``policy_refused`` with the rule, ``consent_required``, or
                ``config_invalid`` for a purpose that is missing or a language without a notice.
        """
        if request.purpose is UNSET:
            known = ", ".join(self.policy.purposes)
            raise ProtocolError(ErrorCode.CONFIG_INVALID, f"what for: {known}", "purpose")
        jurisdiction = request.jurisdiction or ""
        decision = self.policy.decide(request.purpose, jurisdiction, request.subject_flags)
        _check_policy(request, decision)
        receipt, notice = self._check_receipt(request, now)
        return Admission(
            purpose=request.purpose,
            jurisdiction=jurisdiction,
            receipt=receipt,
            decision=decision,
            policy=PolicyDecision(
                outcome=decision.outcome,
                rule=decision.rule.id,
                version=self.policy.version,
                notice_rules=decision.notices,
            ),
            notice=notice,
        )

    def _check_receipt(self, request: SessionRequest, now: datetime) -> tuple[Consent, Notice]:
        receipt = request.consent
        if receipt is UNSET:
            raise _unproved("a session needs a consent receipt", "consent")
        if receipt.text_version != self.notices.version:
            current = f"the notice is that of version {self.notices.version}"
            raise _unproved(current, "text_version")
        notice = self.notices.get(receipt.language, "consent.language")
        if receipt.given_at > now + AHEAD:
            raise _unproved("consent was not given yet", "given_at")
        if receipt.given_at < now - self._lasts:
            raise _unproved(f"consent lasts {self._lasts.days} days", "given_at")
        return receipt, notice


def _check_policy(request: SessionRequest, decision: Decision) -> None:
    if decision.outcome == "refuse":
        raise _refused(decision, decision.rule.field)
    if decision.outcome == "text_only" and set(request.modalities) != {"text"}:
        raise _refused(decision, "modalities")


def _refused(decision: Decision, field: str) -> ProtocolError:
    rule = decision.rule
    limit = "only text: " if decision.outcome == "text_only" else ""
    place = "" if decision.reviewed else " (every place's rules hold where none was looked at)"
    return ProtocolError(
        ErrorCode.POLICY_REFUSED, f"{limit}{rule.reason}{place}", field, rule=rule.id
    )


def _unproved(message: str, field: str) -> ProtocolError:
    path = field if field == "consent" else f"consent.{field}"
    return ProtocolError(ErrorCode.CONSENT_REQUIRED, message, path)
