"""Everybody who may call a server, rightly or not, and a world to do it in."""

import json
from base64 import urlsafe_b64decode
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import aiohttp
import msgspec

from esapr.protocol.analyses import REQUEST_HEADER
from esapr.protocol.limits import CLOCK_LEEWAY_SECONDS, MIN_CLIENT_SECRET
from esapr.server.trust.key_file import KeyFile
from esapr.server.trust.signing import Signing
from esapr.server.trust.tokens import Grant
from tests.server.http.keyed import Json, bearer, make, opened
from tests.serving import CONSENT

CLINIC, ELSEWHERE = "https://clinic.example", "https://elsewhere.example"
MINE, THEIRS = "m" * MIN_CLIENT_SECRET, "t" * MIN_CLIENT_SECRET

Headers = dict[str, str]
Caller = Callable[["World"], Awaitable[Headers]]


@dataclass(frozen=True)
class World:
    """Ann and Bob are in one room of the clinic; Eve is in a room of the same name, of a rival."""

    http: aiohttp.ClientSession
    keys: KeyFile
    signing: Signing
    clinic: str
    rival: str
    ann: Json
    bob: Json
    eve: Json
    analyses: list[Json] = field(default_factory=list)

    async def analysis(self) -> Json:
        """Return the clinic's analysis of a line of text, which is made once."""
        if not self.analyses:
            wanted = {"purpose": "telehealth", "jurisdiction": "DE", "consent": CONSENT}
            headers = {"Content-Type": "text/plain", REQUEST_HEADER: json.dumps(wanted)}
            headers |= bearer(self.clinic)
            async with self.http.post("/v1/analyses", data=b"Hello.", headers=headers) as taken:
                assert taken.status == 202, await taken.text()
                self.analyses.append(await taken.json())
        return self.analyses[0]

    async def token(self, of: Json, role: str = "participant", **wanted: object) -> Json:
        key = self.rival if of is self.eve else self.clinic
        path = f"/v1/sessions/{of['session_id']}/tokens"
        body = {"role": role, **wanted}
        async with self.http.post(path, json=body, headers=bearer(key)) as made:
            assert made.status == 201
            answer: Json = await made.json()
            return answer

    async def bearer(self, of: Json, role: str = "participant", **wanted: object) -> Headers:
        return bearer((await self.token(of, role, **wanted))["token"])


@asynccontextmanager
async def world(http: aiohttp.ClientSession, keys: KeyFile) -> AsyncIterator[World]:
    clinic, rival = make(keys, "clinic"), make(keys, "rival")
    people = [await opened(http, who, room="ward") for who in (clinic, clinic, rival)]
    signing = Signing(keys.path.with_name("signing_keys.json"))
    yield World(http, keys, signing, clinic, rival, *people)
    for person, who in zip(people, (clinic, clinic, rival), strict=True):
        path = f"/v1/sessions/{person['session_id']}"
        async with http.delete(path, headers=bearer(who)) as gone:
            assert gone.status in (204, 404)


# --- the callers --------------------------------------------------------------------------------


async def nobody(_: World) -> Headers:
    return {}


async def malformed(_: World) -> Headers:
    return bearer("esapr.x.y")


async def basic(world: World) -> Headers:
    return {"Authorization": f"Basic {world.clinic}"}


async def unknown_key(world: World) -> Headers:
    stranger = KeyFile(world.keys.path.with_name("strangers.json"))
    return bearer(make(stranger, "clinic"))


async def expired_key(world: World) -> Headers:
    return bearer(make(world.keys, "clinic", days=-1))


async def revoked_key(world: World) -> Headers:
    text = make(world.keys, "clinic")
    world.keys.revoke(world.keys.read()[-1].id)
    return bearer(text)


async def key(world: World) -> Headers:
    return bearer(world.clinic)


async def rivals_key(world: World) -> Headers:
    return bearer(world.rival)


async def admin_key(world: World) -> Headers:
    return bearer(make(world.keys, "clinic", "admin"))


async def participant(world: World) -> Headers:
    return bearer(world.ann["client_token"])


async def second_screen(world: World) -> Headers:
    return await world.bearer(world.ann, scopes=["feed"])


async def another_participant(world: World) -> Headers:
    return bearer(world.bob["client_token"])


async def participant_elsewhere(world: World) -> Headers:
    return bearer(world.eve["client_token"])


async def clinician(world: World) -> Headers:
    return await world.bearer(world.ann, "clinician")


async def observer(world: World) -> Headers:
    return await world.bearer(world.ann, "observer")


async def supervisor(world: World) -> Headers:
    return await world.bearer(world.ann, "supervisor")


async def bobs_clinician(world: World) -> Headers:
    return await world.bearer(world.bob, "clinician")


async def clinician_elsewhere(world: World) -> Headers:
    return await world.bearer(world.eve, "clinician")


async def observer_elsewhere(world: World) -> Headers:
    return await world.bearer(world.eve, "observer")


async def supervisor_elsewhere(world: World) -> Headers:
    return await world.bearer(world.eve, "supervisor")


async def right_origin(world: World) -> Headers:
    return await world.bearer(world.ann, origin=CLINIC) | {"Origin": CLINIC}


async def wrong_origin(world: World) -> Headers:
    return await world.bearer(world.ann, origin=CLINIC) | {"Origin": ELSEWHERE}


async def no_origin(world: World) -> Headers:
    return await world.bearer(world.ann, origin=CLINIC)


async def expired(world: World) -> Headers:
    grant = granted_by(await world.token(world.ann))
    late = msgspec.structs.replace(grant, redeem_by=grant.issued - CLOCK_LEEWAY_SECONDS - 1)
    return bearer(world.signing.sign(late))


async def too_early(world: World) -> Headers:
    grant = granted_by(await world.token(world.ann))
    early = msgspec.structs.replace(grant, issued=grant.issued + 60)
    return bearer(world.signing.sign(early))


async def tampered(world: World) -> Headers:
    grant = granted_by(await world.token(world.ann))
    stranger = Signing(world.keys.path.with_name("forged.json"))
    return bearer(stranger.sign(grant))


async def never_issued(world: World) -> Headers:
    grant = granted_by(await world.token(world.ann))
    return bearer(world.signing.sign(msgspec.structs.replace(grant, id="0" * 32)))


async def client(world: World) -> Headers:
    return bearer(f"{await redeemed(world)}.{MINE}")


async def replayed(world: World) -> Headers:
    return bearer(await redeemed(world))


async def replayed_by_a_client(world: World) -> Headers:
    return bearer(f"{await redeemed(world)}.{THEIRS}")


async def revoked(world: World) -> Headers:
    made = await world.token(world.ann)
    path = f"/v1/sessions/{world.ann['session_id']}/tokens/{made['token_id']}"
    async with world.http.delete(path, headers=bearer(world.clinic)) as answer:
        assert answer.status == 204
    return bearer(made["token"])


async def analysis_reader(world: World) -> Headers:
    return bearer((await world.analysis())["token"])


async def redeemed(world: World) -> str:
    token: str = (await world.token(world.ann))["token"]
    path = f"/v1/sessions/{world.ann['session_id']}"
    async with world.http.get(path, headers=bearer(f"{token}.{MINE}")) as answer:
        assert answer.status == 200
    return token


def granted_by(made: Json) -> Grant:
    """Return what a token says that it grants."""
    payload = made["token"].split(".")[1]
    return msgspec.json.decode(urlsafe_b64decode(payload + "=="), type=Grant)


CALLERS = (
    *(nobody, malformed, basic),
    *(key, rivals_key, admin_key, unknown_key, expired_key, revoked_key),
    *(participant, second_screen, client, another_participant, participant_elsewhere),
    *(clinician, observer, supervisor, bobs_clinician),
    *(clinician_elsewhere, observer_elsewhere, supervisor_elsewhere),
    *(right_origin, wrong_origin, no_origin, analysis_reader),
    *(expired, too_early, tampered, never_issued, replayed, replayed_by_a_client, revoked),
)
