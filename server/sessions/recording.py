"""What the records learn of a session when it opens. No asyncio, no clock."""

from collections.abc import Mapping

from msgspec import UNSET, to_builtins

from esapr.server.records.rows import Facts, Person
from esapr.server.sessions.snapshot import Snapshot


def facts(snapshot: Snapshot, room: str, models: Mapping[str, str]) -> Facts:
    """Return what is recorded of a session in ``room`` besides what it says."""
    request = snapshot.request
    receipt = {} if request.consent is UNSET else to_builtins(request.consent)
    return Facts(
        session=snapshot.session,
        opened_ms=round(snapshot.opened * 1000),
        person=Person(snapshot.holder, request.participant, room, receipt),
        tick_ms=request.tick_ms,
        modalities=request.modalities,
        models=dict(models),
        keep_days=None if request.retention_days is UNSET else request.retention_days,
        keep_text=request.consent is not UNSET and request.consent.keep_text,
    )
