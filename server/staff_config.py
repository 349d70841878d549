"""Settings of staff who sign in at an OpenID provider."""

import re
from dataclasses import dataclass, field
from typing import get_args

from yarl import URL

from esapr.protocol.staff import StaffRole
from esapr.server.loopback import is_loopback
from esapr.server.text_config import TextConfig

_ROLE = re.compile(rf"(?P<value>[^\s=]+)=(?P<role>{'|'.join(get_args(StaffRole))})")
_NEEDED = ("oidc_client_id", "oidc_roles", "staff_url")


@dataclass(frozen=True, slots=True)
class StaffConfig(TextConfig):
    """Who may sign in, where and for how long; without ``oidc_issuer`` nobody may."""

    oidc_issuer: str | None = None
    """Issuer of the OpenID provider at which staff sign in; None for no sign-in."""

    oidc_client_id: str | None = None
    """What the provider calls this server."""

    oidc_client_secret: str | None = field(default=None, repr=False)
    """What it proves that with; None for a public client."""

    oidc_scopes: tuple[str, ...] = ("openid", "profile")
    """Scopes that the provider is asked for."""

    oidc_role_claim: str = "roles"
    """Claim of the ID token with a person's roles; a point leads into an object."""

    oidc_roles: tuple[str, ...] = ()
    """``VALUE=ROLE`` each: which value of that claim makes a clinician or a supervisor."""

    staff_url: str | None = None
    """Address of this server in the browsers of staff, as ``https://esapr.clinic.example``."""

    staff_hours: float = 8.0
    """Hours after which staff sign in again."""

    staff_idle_minutes: float = 30.0
    """Minutes without a request after which they do."""

    @property
    def staff_roles(self) -> dict[str, StaffRole]:
        """The role that each value of the claim gives."""
        pairs = (pair.rpartition("=") for pair in self.oidc_roles)
        return {value: role for value, _, role in pairs}  # type: ignore[misc]  # checked below

    def staff_problem(self) -> str | None:
        """Return what is wrong with these settings, naming one; None if nothing is."""
        missing = [name for name in _NEEDED if not getattr(self, name)]
        open_to_all = [n for n in ("oidc_issuer", "staff_url") if not _guarded(getattr(self, n))]
        unreadable = [pair for pair in self.oidc_roles if not _ROLE.fullmatch(pair)]
        idle = self.staff_idle_minutes
        problems = {
            "staff_hours must lie between 0.1 and 12": not 0.1 <= self.staff_hours <= 12,
            "staff_idle_minutes must lie between 1 and 120": not 1 <= idle <= 120,
            f"{', '.join(missing)}: needed with oidc_issuer": self.oidc_issuer and missing,
            f"{', '.join(open_to_all)}: needs https, or http on this machine": open_to_all,
            f"oidc_roles: {unreadable} is not of the form {_ROLE.pattern}": unreadable,
            "staff_url must have no path": URL(self.staff_url or "").path not in ("", "/"),
            "oidc_scopes must have openid": "openid" not in self.oidc_scopes,
        }
        return next((problem for problem, found in problems.items() if found), None)


def _guarded(address: str | None) -> bool:
    """Return whether what is sent to an address cannot be read on the way."""
    if address is None:
        return True
    try:
        url = URL(address)
    except ValueError:
        return False
    local = url.scheme == "http" and is_loopback(url.host or "")
    return bool(url.host) and (url.scheme == "https" or local)
