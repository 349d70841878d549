"""Sessions of staff who have signed in. No I/O, no clock: ``now`` is in seconds of Unix time.

The browser keeps one in a cookie, signed: every gateway knows it without asking another.
"""

from collections.abc import Mapping
from uuid import uuid4

from msgspec import Struct
from msgspec.structs import replace

from esapr.protocol import limits
from esapr.protocol.staff import StaffRole

RENEWAL_SECONDS = 60
"""How old ``seen`` may be before the cookie is set anew."""


class StaffSession(Struct, frozen=True):
    """Somebody who has signed in; ``subject`` and ``name`` are the provider's.

    It ends at ``ends``, or once nothing was heard for too long after ``seen``.
    """

    id: str
    subject: str
    name: str
    role: StaffRole
    ends: int
    seen: int

    def is_open(self, now: float, idle_seconds: float) -> bool:
        """Return whether it has not ended, with clocks of gateways that differ a little."""
        last = min(self.ends, self.seen + idle_seconds)
        return now < last + limits.CLOCK_LEEWAY_SECONDS

    def renewed(self, now: float) -> "StaffSession | None":
        """Return it as it was seen at ``now``; None if that is not worth a new cookie."""
        return replace(self, seen=int(now)) if now - self.seen > RENEWAL_SECONDS else None


def signed_in(subject: str, name: str, role: StaffRole, now: float, seconds: float) -> StaffSession:
    """Return a new session of ``seconds``."""
    return StaffSession(uuid4().hex, subject, name, role, int(now + seconds), int(now))


def role_of(
    claims: Mapping[str, object], claim: str, roles: Mapping[str, StaffRole]
) -> StaffRole | None:
    """Return the role that the ``claim`` of an ID token gives; None if it gives none.

    The claim is a text or a list of them, and with points in its name inside of objects
    (``realm_access.roles``). Of several roles the one counts that ``roles`` names first.
    """
    found: object = claims
    for name in [claim] if claim in claims else claim.split("."):
        found = found.get(name) if isinstance(found, Mapping) else None
    values = [found] if isinstance(found, str) else found
    if not isinstance(values, list):
        return None
    return next((role for value, role in roles.items() if value in values), None)
