"""Who makes a request."""

from dataclasses import dataclass
from typing import Literal

from esapr.protocol.rooms import Role


@dataclass(frozen=True, slots=True)
class Caller:
    """Who makes a request, once it is authorised.

    ``id`` is that of a server key or of a token, or what the provider calls somebody of the staff;
    empty for whoever sits at this machine. ``role`` is that of a token or of staff, ``holder`` the
    name of a key.
    """

    kind: Literal["key", "token", "staff", "local"]
    id: str = ""
    role: Role | None = None
    scopes: frozenset[str] = frozenset()
    holder: str = ""

    @property
    def actor(self) -> str:
        """How records name the caller: no secret, and nobody's name."""
        return f"{self.kind}:{self.id}" if self.id else self.kind
