"""Why parts of a report are not there. No asyncio, no clock."""

from esapr.protocol.report import Absence, Absent, Report
from esapr.protocol.requests import Modality
from esapr.server.trust.traits import allowed


def absences(report: Report, without_group: Absence) -> dict[Absent, Absence]:
    """Return the reason for each part that is null; ``without_group`` is that of the cohort."""
    found: dict[Absent, Absence] = {}
    if report.expression is None:
        found["expression"] = "no_expression"
    if report.comparison is None:
        found["comparison"] = "no_earlier_sessions" if report.expression else "no_expression"
    if report.blinks is None:
        found["blinks"] = _unmeasured(report, "face")
    if report.voice is None:
        found["voice"] = _unmeasured(report, "voice")
    if report.words is None:
        covered = not {"text", "transcript"}.isdisjoint(report.consent.covers)
        found["words"] = _unmeasured(report, "text") if covered else "not_covered"
    if report.cohort is None:
        found["cohort"] = without_group if report.expression else "no_expression"
    if report.traits is None:
        found["traits"] = _without_traits(report)
    return found


def _without_traits(report: Report) -> Absence:
    if "traits" not in report.consent.covers:
        return "not_covered"
    if not allowed(report.purpose or "", report.consent.covers):
        return "not_allowed"
    return "insufficient_text" if "text" in report.modalities else "not_in_session"


def _unmeasured(report: Report, modality: Modality) -> Absence:
    return "no_evidence" if modality in report.modalities else "not_in_session"
