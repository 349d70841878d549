"""Who may do what: every call of the OpenAPI document, tried by every kind of caller.

``ALLOWED`` says it all. A call that is not in it fails the test; so does a caller that gets in, or
is refused with another code than the table says.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path

import aiohttp
import pytest

from esapr.protocol.openapi import openapi
from esapr.server.trust.key_file import KeyFile
from tests.server.http.callers import (
    CALLERS,
    Caller,
    Headers,
    World,
    analysis_reader,
    world,
)
from tests.server.http.keyed import bearer, code, keyed_server
from tests.server.http.staff_callers import SIGN_IN, STAFF_CALLERS

pytestmark = pytest.mark.real_time

PARTICIPANTS = {"participant", "client", "right_origin"}
WATCHERS = {"clinician", "observer", "supervisor"}
STAFF = {"staff_clinician", "staff_supervisor"}
ON_FOREIGN_PAGES = {"staff_on_another_site", "staff_by_another_sites_link"}
NOT_SIGNED_IN = {caller.__name__ for caller in STAFF_CALLERS} - STAFF - ON_FOREIGN_PAGES
EVERYBODY = {caller.__name__ for caller in (*CALLERS, *STAFF_CALLERS)}
Table = dict[str, set[str]]


@dataclass(frozen=True)
class Call:
    """Who gets in, and with which answer; who is told why not. All others: ``token_invalid``."""

    answer: str
    allowed: set[str]
    refused: Table = field(default_factory=dict)


PUBLIC = Call("200", EVERYBODY)
MANAGED: Table = {"not_found": {"rivals_key"}, "scope_missing": {"admin_key", *WATCHERS}}
READING = Call("200", {"key", *PARTICIPANTS, "second_screen"}, MANAGED)
ENDING = Call(
    "204",
    {"key", *PARTICIPANTS},
    MANAGED | {"scope_missing": {"admin_key", *WATCHERS, "second_screen"}},
)
TOKENS = Call(
    "204",
    {"key"},
    MANAGED | {"scope_missing": {"admin_key", *WATCHERS, *PARTICIPANTS, "second_screen"}},
)
# Whoever shows a token or key wants to be let in with that.
WITHOUT_TOKEN = {"nobody", "basic", *NOT_SIGNED_IN}
REPORT = Call(
    "200",
    {"key", *PARTICIPANTS, "clinician", "staff_clinician"},
    {
        "not_found": {"rivals_key"},
        "sign_in_required": WITHOUT_TOKEN,
        "scope_missing": {
            *("admin_key", "second_screen", "observer", "supervisor", "staff_supervisor"),
            *ON_FOREIGN_PAGES,
        },
    },
)
FOR_STAFF = Call(
    "200",
    STAFF,
    {
        "sign_in_required": EVERYBODY - STAFF - ON_FOREIGN_PAGES,
        "scope_missing": ON_FOREIGN_PAGES,
    },
)
MEDIA = Call("404", PARTICIPANTS, {"scope_missing": {*WATCHERS, "second_screen"}})

ALLOWED = {
    "createSession": Call("bad_message", {"key", "rivals_key"}, {"scope_missing": {"admin_key"}}),
    "getSession": READING,
    "endSession": ENDING,
    "revokeConsent": ENDING,
    "eraseSession": ENDING,
    "getRecommendations": replace(MEDIA, answer="200"),
    "getReport": REPORT,
    "getReportTable": REPORT,
    "getReportPage": REPORT,
    "getReportPdf": REPORT,
    "getReportEmotionml": REPORT,
    "keepNote": Call(
        "bad_message",
        {"key", "clinician", "supervisor", "bobs_clinician"},
        {
            "not_found": {"rivals_key"},
            "scope_missing": {
                *("admin_key", "observer", "second_screen", "another_participant"),
                *PARTICIPANTS,
            },
        },
    ),
    "createToken": replace(TOKENS, answer="bad_message"),
    "revokeToken": TOKENS,
    "revokeTokens": TOKENS,
    # Let in, but it is no WebSocket.
    "openFeed": Call(
        "bad_message", {*PARTICIPANTS, "second_screen"}, {"scope_missing": {*WATCHERS}}
    ),
    "openRoomFeed": Call(
        "bad_message",
        {*PARTICIPANTS, "second_screen", "another_participant", *WATCHERS, "bobs_clinician"},
    ),
    "pushMedia": replace(MEDIA, answer="media_unsupported"),
    "patchMedia": replace(MEDIA, answer="not_found"),
    "stopMedia": replace(MEDIA, answer="not_found"),
    "createAnalysis": Call(
        "config_invalid", {"key", "rivals_key"}, {"scope_missing": {"admin_key"}}
    ),
    "getAnalysis": Call("200", {"analysis_reader"}),
    "getAnalysisEvents": Call("200", {"analysis_reader"}),
    "forgetAnalysis": Call("204", {"analysis_reader"}),
    "getStaffSession": replace(
        FOR_STAFF,
        # Who is nobody is told so.
        refused={"204": EVERYBODY - STAFF - ON_FOREIGN_PAGES, "scope_missing": ON_FOREIGN_PAGES},
    ),
    "endStaffSession": FOR_STAFF,
    "listRecordedSessions": FOR_STAFF,
    "listOpenRooms": FOR_STAFF,
    "createRoomToken": replace(FOR_STAFF, answer="201"),
    # To the provider, or back to the page with what is in the way.
    **dict.fromkeys(("signIn", "finishSignIn"), Call("303", EVERYBODY)),
    **dict.fromkeys(
        (
            *("describeWhip", "describeMedia", "listModels", "getOpenApi", "getAsyncApi"),
            *("getHealth", "getReadiness", "getMetrics", "getNotice"),
        ),
        PUBLIC,
    ),
}
# Pages of other addresses than the one that is called.
PAGES = {"right_origin", "wrong_origin", *STAFF, *NOT_SIGNED_IN, "staff_on_another_site"}
ON_LOOPBACK = {
    # Without a key, but not for pages of other sites.
    "createDemoSession": Call("bad_message", EVERYBODY - PAGES),
    "createDemoAnalysis": Call("consent_required", EVERYBODY - PAGES),
    "drain": Call("202", EVERYBODY - PAGES),
}
ELSEWHERE_BOUND = {
    "createDemoSession": Call("not_found", EVERYBODY),
    "createDemoAnalysis": Call("not_found", EVERYBODY),
    "drain": Call("202", {"admin_key"}, {"scope_missing": {"key", "rivals_key"}}),
}
OPERATIONS = {
    operation["operationId"]: (method.upper(), path)
    for path, methods in openapi()["paths"].items()
    for method, operation in methods.items()
}


@pytest.mark.parametrize("host", ["127.0.0.1", "0.0.0.0"])
@pytest.mark.parametrize("operation", OPERATIONS)
async def test_every_caller_of_every_call(operation: str, host: str, tmp_path: Path) -> None:
    calls = ALLOWED | (ON_LOOPBACK if host == "127.0.0.1" else ELSEWHERE_BOUND)
    found: dict[str, str] = {}
    method, path = OPERATIONS[operation]
    async with keyed_server(tmp_path, host=host, catalogue="shipped", **SIGN_IN) as (http, keys, _):
        callers = iter((*CALLERS, *STAFF_CALLERS))
        while len(found) < len(EVERYBODY):
            async with world(http, keys) as there:
                for caller in callers:
                    got = await answer(there, method, path, caller)
                    found[caller.__name__] = got
                    # Something was deleted, so the next caller gets another world.
                    if got == "204" and method != "GET":
                        break
    assert found == expected(calls[operation])


READ_AFTERWARDS = (
    *("getReport", "getReportTable", "getReportPage", "getReportPdf", "getReportEmotionml"),
    "getRecommendations",
)
ERASED_AFTERWARDS = ("eraseSession", "revokeConsent")
GONE = Call("not_found", EVERYBODY)
# Whoever followed the room has gone with it; the key that opened the session stays its holder.
NOTE_AFTERWARDS = Call(
    "bad_message",
    {"key"},
    {
        "not_found": EVERYBODY - {"expired_key", "unknown_key", "revoked_key"},
        "scope_missing": {"admin_key"},
    },
)


async def test_every_caller_of_every_call_about_a_session_that_has_ended(tmp_path: Path) -> None:
    about = [operation for operation, (_, path) in OPERATIONS.items() if "{session}" in path]
    rest = [each for each in about if each not in ERASED_AFTERWARDS]
    async with keyed_server(tmp_path, catalogue="shipped", **SIGN_IN) as (http, keys, _):
        # What is erased is nobody's any more, so each of these calls gets a world.
        for operations in (rest, *([each] for each in ERASED_AFTERWARDS)):
            async with ended_world(http, keys) as (there, headers):
                for operation in operations:
                    found = {
                        name: await answer_to(there, *OPERATIONS[operation], sent)
                        for name, sent in headers.items()
                    }
                    due = expected(afterwards(operation))
                    assert found == {name: due[name] for name in headers}, operation


def afterwards(operation: str) -> Call:
    if operation in (*READ_AFTERWARDS, *ERASED_AFTERWARDS):
        return ALLOWED[operation]
    if operation == "keepNote":
        return NOTE_AFTERWARDS
    return PUBLIC if operation.startswith("describe") else GONE


@asynccontextmanager
async def ended_world(
    http: aiohttp.ClientSession, keys: KeyFile
) -> AsyncIterator[tuple[World, dict[str, Headers]]]:
    """Ann has left; whoever has to do with sessions got what they show before that."""
    callers = [caller for caller in CALLERS if caller is not analysis_reader]
    async with world(http, keys) as there:
        headers = {caller.__name__: await caller(there) for caller in callers}
        end = f"/v1/sessions/{there.ann['session_id']}/end"
        async with http.post(end, headers=bearer(there.clinic)) as ended:
            assert ended.status == 204
        yield there, headers


def expected(call: Call) -> dict[str, str]:
    codes = dict.fromkeys(sorted(EVERYBODY), "token_invalid")
    for refusal, callers in call.refused.items():
        codes |= dict.fromkeys(callers, refusal)
    return codes | dict.fromkeys(call.allowed, call.answer)


async def answer(world: World, method: str, path: str, caller: Caller) -> str:
    """Return how a server answers ``caller``, who has nothing to say but who it is."""
    headers = await caller(world)
    token = (await world.token(world.ann))["token_id"] if "{token}" in path else "none"
    return await answer_to(world, method, path, headers, token)


async def answer_to(
    world: World, method: str, path: str, headers: Headers, token: str = "none"
) -> str:
    there = path.format(
        session=world.ann["session_id"],
        room=world.ann["room"],
        token=token,
        peer="none",
        analysis=(await world.analysis())["analysis_id"] if "{analysis}" in path else "none",
    )
    async with world.http.request(
        method, there, headers=headers, allow_redirects=False
    ) as response:
        return await code(response)
