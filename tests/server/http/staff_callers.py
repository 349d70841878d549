"""Staff who have signed in, rightly or not: cookies as a server makes them, without a provider."""

from collections.abc import Mapping

import msgspec

from esapr.protocol.staff import StaffRole
from esapr.server.trust.signed_out import SignedOutFile
from esapr.server.trust.signing import Signing
from esapr.server.trust.staff import StaffSession, signed_in
from esapr.server.trust.tokens import unix_time
from tests.openid_provider import ESAPR
from tests.server.http.callers import Headers, World

SIGN_IN: Mapping[str, object] = {
    # Nobody listens there.
    "oidc_issuer": "http://127.0.0.1:9",
    "oidc_client_id": "esapr",
    "oidc_roles": ("therapists=clinician", "leads=supervisor"),
    "staff_url": ESAPR,
}
HOUR = 3600
PURPOSE = "staff session"


def session(role: StaffRole = "clinician", *, ago: float = 0) -> StaffSession:
    """Return the session of somebody who signed in some seconds ago, for eight hours."""
    return signed_in("ada", "Dr Ada", role, unix_time() - ago, 8 * HOUR)


def cookie(signing: Signing, kept: StaffSession, purpose: str = PURPOSE) -> Headers:
    """Return what a page of the server sends with ``kept`` in its browser."""
    return {"Cookie": f"__Host-esapr-staff={signing.seal(kept, purpose)}", "Origin": ESAPR}


async def staff_clinician(world: World) -> Headers:
    return cookie(world.signing, session())


async def staff_supervisor(world: World) -> Headers:
    return cookie(world.signing, session("supervisor"))


async def staff_too_long(world: World) -> Headers:
    kept = session(ago=9 * HOUR)
    return cookie(world.signing, msgspec.structs.replace(kept, seen=int(unix_time())))


async def staff_idle(world: World) -> Headers:
    return cookie(world.signing, session(ago=HOUR))


async def staff_signed_out(world: World) -> Headers:
    kept = session()
    SignedOutFile(world.keys.path.with_name("signed_out.json")).add(kept, unix_time())
    return cookie(world.signing, kept)


async def staff_forged(world: World) -> Headers:
    return cookie(Signing(world.keys.path.with_name("forged.json")), session())


async def staff_of_another_purpose(world: World) -> Headers:
    return cookie(world.signing, session(), "sign-in")


async def staff_with_a_token_for_a_cookie(world: World) -> Headers:
    return {"Cookie": f"__Host-esapr-staff={world.ann['client_token']}", "Origin": ESAPR}


async def staff_on_another_site(world: World) -> Headers:
    return cookie(world.signing, session()) | {"Origin": "https://elsewhere.example"}


async def staff_by_another_sites_link(world: World) -> Headers:
    headers = cookie(world.signing, session()) | {"Sec-Fetch-Site": "cross-site"}
    del headers["Origin"]
    return headers


STAFF_CALLERS = (
    *(staff_clinician, staff_supervisor, staff_too_long, staff_idle, staff_signed_out),
    *(staff_forged, staff_of_another_purpose, staff_with_a_token_for_a_cookie),
    *(staff_on_another_site, staff_by_another_sites_link),
)
