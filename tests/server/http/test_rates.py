"""Too many calls, and too many wrong tokens: who is refused, and who is not."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import aiohttp
import pytest

from esapr.protocol import limits
from esapr.server.app import Server
from tests.server.http.staff_callers import SIGN_IN
from tests.server.http.whip_client import code_of
from tests.serving import CONSENT, running_server

pytestmark = [pytest.mark.real_time, pytest.mark.usefixtures("few")]

BEHIND_PROXY = {"trusted_proxies": ("127.0.0.1/32",)}
FEW = {
    "CALL_BURST": 3,
    "CALLS_PER_SECOND": 1e-3,
    "FAILURE_BURST": 2,
    "FAILURES_PER_SECOND": 1e-3,
}


@pytest.fixture
def few(monkeypatch: pytest.MonkeyPatch) -> None:
    """Limits of which one sees both sides without hundreds of calls."""
    for name, value in FEW.items():
        monkeypatch.setattr(limits, name, value)


class Caller:
    """Calls as clients of several addresses would."""

    def __init__(self, http: aiohttp.ClientSession, server: Server) -> None:
        self.http = http
        self.server = server

    async def open(self, address: str, bearer: str = "") -> aiohttp.ClientResponse:
        body = {"consent": CONSENT}
        headers = coming_from(address, bearer)
        return await self.http.post("/v1/demo/sessions", json=body, headers=headers)

    async def get(self, path: str, address: str, bearer: str = "") -> aiohttp.ClientResponse:
        return await self.http.get(path, headers=coming_from(address, bearer))


def coming_from(address: str, bearer: str) -> dict[str, str]:
    token = {"Authorization": f"Bearer {bearer}"} if bearer else {}
    return {"X-Forwarded-For": address, **token}


@asynccontextmanager
async def calling(**settings: object) -> AsyncIterator[Caller]:
    async with running_server(**settings) as server, aiohttp.ClientSession(server.url) as http:
        yield Caller(http, server)


async def test_calls_at_the_limit_are_taken_and_one_past_it_is_told_when_to_come_back() -> None:
    async with calling(**BEHIND_PROXY) as caller:
        for _ in range(limits.CALL_BURST):
            assert (await caller.open("203.0.113.1")).status == 201
        refused = await caller.open("203.0.113.1")
        assert await code_of(refused) == (429, "rate_limited")
        assert 990 <= int(refused.headers["Retry-After"]) <= 1_000
        counted = 'esapr_errors_total{code="rate_limited"} 1.0'
        assert counted in caller.server.metrics.text().decode()

        assert (await caller.open("203.0.113.2")).status == 201
        assert (await caller.get("/v1/models", "203.0.113.1")).status == 200


async def test_one_key_has_one_rate_wherever_it_calls_from() -> None:
    async with calling(**BEHIND_PROXY) as caller:
        calls = range(limits.CALL_BURST + 1)
        answers = [await caller.open(f"203.0.113.{each}", "key") for each in calls]
        assert [answer.status for answer in answers] == [201] * limits.CALL_BURST + [429]


async def test_after_too_many_wrong_tokens_no_token_from_there_is_looked_at() -> None:
    async with calling(**BEHIND_PROXY) as caller:
        credentials = await (await caller.open("203.0.113.3")).json()
        path, token = f"/v1/sessions/{credentials['session_id']}", credentials["client_token"]
        for _ in range(limits.FAILURE_BURST):
            wrong = await caller.get(path, "203.0.113.1", "wrong")
            assert await code_of(wrong) == (401, "token_invalid")
        for bearer in ("wrong", token):
            refused = await caller.get(path, "203.0.113.1", bearer)
            assert await code_of(refused) == (429, "rate_limited")
            assert refused.headers["Retry-After"]
        assert (await caller.get(path, "203.0.113.2", token)).status == 200
        assert (await caller.get("/healthz", "203.0.113.1")).status == 200


async def test_nobodys_word_for_an_address_is_believed_and_this_machine_is_not_counted() -> None:
    async with calling() as caller:
        for _ in range(limits.CALL_BURST + 1):
            assert (await caller.open("203.0.113.1")).status == 201


async def test_attempts_to_sign_in_count_whoever_asks_and_however() -> None:
    async with calling(**BEHIND_PROXY, **SIGN_IN) as caller:
        for address, path, ask in (
            ("203.0.113.1", "/staff/sign-in", caller.http.get),
            ("203.0.113.2", "/staff/callback?code=c&state=s", caller.http.get),
            ("203.0.113.3", "/staff/sign-in", caller.http.head),
        ):
            headers = coming_from(address, "")
            for _ in range(limits.CALL_BURST):
                answer = await ask(path, headers=headers, allow_redirects=False)
                assert answer.status == 303
            refused = await ask(path, headers=headers, allow_redirects=False)
            assert refused.status == 429


async def test_who_is_not_signed_in_shuts_nobody_out() -> None:
    async with calling(**BEHIND_PROXY, **SIGN_IN) as caller:
        for _ in range(limits.FAILURE_BURST + 1):
            answer = await caller.get("/v1/staff/rooms", "203.0.113.1")
            assert await code_of(answer) == (401, "sign_in_required")
