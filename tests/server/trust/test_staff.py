"""Sessions of staff: when they end, what role somebody has, and what a cookie is worth."""

from pathlib import Path

import pytest

from esapr.protocol.limits import CLOCK_LEEWAY_SECONDS
from esapr.protocol.staff import StaffRole
from esapr.server.trust.openid import Attempt, attempt
from esapr.server.trust.signed_out import SignedOutError, SignedOutFile
from esapr.server.trust.signing import Signing
from esapr.server.trust.staff import RENEWAL_SECONDS, StaffSession, role_of, signed_in

NOW, HOUR, IDLE = 1_795_000_000.0, 3600, 1800
ROLES: dict[str, StaffRole] = {"leads": "supervisor", "therapists": "clinician"}


def test_a_session_ends_when_it_is_idle() -> None:
    session = signed_in("ada", "Ada", "clinician", NOW, 8 * HOUR)
    late = NOW + IDLE + CLOCK_LEEWAY_SECONDS
    assert session.is_open(late - 1, IDLE)
    assert not session.is_open(late, IDLE)
    heard = session.renewed(NOW + IDLE - 1)
    assert heard
    assert heard.is_open(late, IDLE)


def test_a_session_ends_after_its_hours_however_busy_it_is() -> None:
    session = signed_in("ada", "Ada", "clinician", NOW, 8 * HOUR)
    heard = session.renewed(NOW + 8 * HOUR - 1)
    assert heard
    assert heard.is_open(NOW + 8 * HOUR - 1, IDLE)
    assert not heard.is_open(NOW + 8 * HOUR + CLOCK_LEEWAY_SECONDS, IDLE)


def test_a_cookie_is_not_set_anew_with_each_request() -> None:
    session = signed_in("ada", "Ada", "clinician", NOW, 8 * HOUR)
    assert session.renewed(NOW + RENEWAL_SECONDS) is None


@pytest.mark.parametrize(
    ("claims", "claim", "role"),
    [
        ({"roles": ["therapists"]}, "roles", "clinician"),
        ({"roles": "therapists"}, "roles", "clinician"),
        ({"roles": ["therapists", "leads"]}, "roles", "supervisor"),
        ({"realm_access": {"roles": ["leads"]}}, "realm_access.roles", "supervisor"),
        ({"https://clinic.example/roles": ["leads"]}, "https://clinic.example/roles", "supervisor"),
        ({"roles": ["therapist", "Therapists"]}, "roles", None),
        ({"roles": "therapists leads"}, "roles", None),
        ({"roles": {"therapists": True}}, "roles", None),
        ({"roles": None}, "roles", None),
        ({"realm_access": "roles"}, "realm_access.roles", None),
        ({}, "roles", None),
    ],
    ids=str,
)
def test_a_claim_gives_a_role(
    claims: dict[str, object], claim: str, role: StaffRole | None
) -> None:
    assert role_of(claims, claim, ROLES) == role


def test_a_session_that_was_signed_out_is_so_for_every_gateway(tmp_path: Path) -> None:
    here, there = (SignedOutFile(tmp_path / "state/signed_out.json") for _ in range(2))
    one, other = (signed_in("ada", "Ada", "clinician", NOW, HOUR) for _ in range(2))
    here.add(one, NOW)
    assert (there.holds(one), there.holds(other)) == (True, False)
    there.add(other, NOW + 1)
    assert here.holds(one)
    assert here.holds(other)


def test_what_has_ended_anyway_is_forgotten(tmp_path: Path) -> None:
    file = SignedOutFile(tmp_path / "signed_out.json")
    one, other = (signed_in("ada", "Ada", "clinician", NOW, HOUR) for _ in range(2))
    file.add(one, NOW)
    file.add(other, NOW + 2 * HOUR)
    assert (file.holds(one), file.holds(other)) == (False, True)


def test_a_damaged_file_lets_nobody_in(tmp_path: Path) -> None:
    (tmp_path / "signed_out.json").write_text("{")
    with pytest.raises(SignedOutError):
        SignedOutFile(tmp_path / "signed_out.json").holds(
            signed_in("ada", "Ada", "clinician", NOW, HOUR)
        )


def test_what_is_sealed_is_opened_for_its_purpose_only(tmp_path: Path) -> None:
    signing = Signing(tmp_path / "keys.json")
    asked = attempt("/staff", NOW)
    sealed = signing.seal(asked, "sign-in")
    assert signing.unseal(sealed, "sign-in", Attempt) == asked
    assert signing.unseal(sealed, "staff session", Attempt) is None
    assert signing.unseal(sealed, "sign-in", StaffSession) is None
    assert signing.unseal(sealed[:-4] + "AAAA", "sign-in", Attempt) is None
    assert signing.unseal("", "sign-in", Attempt) is None
    assert Signing(tmp_path / "others.json").unseal(sealed, "sign-in", Attempt) is None
    # A room may be called as a purpose is: what is sealed for it is still no token.
    assert signing.read(sealed, "sign-in") is None
