"""What the records learn of a session when it opens. No asyncio, no clock."""

from collections.abc import Mapping

from msgspec import UNSET, to_builtins

from esapr.server.records.rows import Facts, Person
from esapr.server.sessions.snapshot import Snapshot


def facts(snapshot: Snapshot, room: str, models: Mapping[str, str]) -> Facts | None:
    """Return what is recorded of a session in ``room`` besides what it says.

    None where nothing may be: ``records`` is not in what its receipt covers.
    """
    request = snapshot.request
    if not request.consent or "records" not in request.consent.covers:
        return None
    receipt = {
        **to_builtins(request.consent),
        "purpose": request.purpose or "unknown",
        "jurisdiction": request.jurisdiction or "unknown",
    }
    return Facts(
        session=snapshot.session,
        opened_ms=round(snapshot.opened * 1000),
        person=Person(snapshot.holder, request.participant, room, receipt),
        tick_ms=request.tick_ms,
        modalities=request.modalities,
        models=dict(models),
        keep_days=None if request.retention_days is UNSET else request.retention_days,
        keep_text=not {"text", "transcript"}.isdisjoint(request.consent.covers),
        cohort="cohort" in request.consent.covers,
        purpose=None if request.purpose is UNSET else request.purpose,
    )
