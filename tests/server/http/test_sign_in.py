"""Signing in at a real OpenID provider: who gets in, and what a browser may not get away with."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from http import HTTPStatus
from pathlib import Path

import aiohttp
import msgspec
import pytest
from yarl import URL

from esapr.server.trust.audit import Line
from tests.openid_provider import ESAPR, RunningProvider, openid_provider
from tests.server.http.keyed import Json, code
from tests.serving import running_server

pytestmark = pytest.mark.real_time


@pytest.fixture(scope="module")
def provider() -> Iterator[RunningProvider]:
    """One provider for all tests."""
    with openid_provider() as running:
        yield running


@dataclass
class Browser:
    """Somebody's browser at a server, which it calls ``ESAPR``, and their provider."""

    http: aiohttp.ClientSession
    provider: RunningProvider
    cookies: dict[str, str]

    async def visit(self, path: str, method: str = "GET", **headers: str) -> aiohttp.ClientResponse:
        """Ask for a path as a page of the server does, with the cookies that there are."""
        sent = {"Cookie": "; ".join(f"{k}={v}" for k, v in self.cookies.items())} | headers
        url = URL(path, encoded=True)
        answer = await self.http.request(method, url, headers=sent, allow_redirects=False)
        for name, morsel in answer.cookies.items():
            if morsel["max-age"] == "0":
                self.cookies.pop(name, None)
            else:
                self.cookies[name] = morsel.value
        return answer

    async def begin(self, page: str = "/staff") -> str:
        """Return the address at which the provider is asked to sign somebody in."""
        answer = await self.visit(f"/staff/sign-in?page={page}")
        assert answer.status == 303
        return answer.headers["Location"]

    async def finish(self, back: URL) -> str:
        """Follow the provider's answer; return where the server sends the browser."""
        assert str(back.origin()) == ESAPR
        answer = await self.visit(back.raw_path_qs)
        assert answer.status == 303
        return answer.headers["Location"]

    async def sign_in(self, login: str = "ada", page: str = "/staff") -> str:
        return await self.finish(await self.provider.sign_in(await self.begin(page), login))

    async def who(self) -> Json:
        """Return who is signed in; nothing if nobody is."""
        answer = await self.visit("/v1/staff/session")
        body: Json = await answer.json() if answer.status != HTTPStatus.NO_CONTENT else {}
        return body


@asynccontextmanager
async def browser(provider: RunningProvider, **settings: object) -> AsyncIterator[Browser]:
    async with (
        running_server(**provider.settings | settings) as server,
        aiohttp.ClientSession(server.url, cookie_jar=aiohttp.DummyCookieJar()) as http,
    ):
        yield Browser(http, provider, {})


def audited(folder: Path) -> list[tuple[str, str, dict[str, str]]]:
    """Return event, actor and detail of each line of the audit log in a state folder."""
    lines = (folder / "audit/0/000000.jsonl").read_bytes().splitlines()
    found = [msgspec.json.decode(line, type=Line) for line in lines]
    return [(line.event, line.actor, line.detail) for line in found]


async def test_a_clinician_signs_in_works_and_signs_out(
    provider: RunningProvider, tmp_path: Path
) -> None:
    async with browser(provider, state_dir=str(tmp_path)) as ada:
        assert await ada.who() == {}
        assert await ada.sign_in(page="/room/ward-7") == "/room/ward-7"
        assert [*ada.cookies] == ["__Host-esapr-staff"]
        who = await ada.who()
        assert (who["role"], who["name"]) == ("clinician", "Dr ada")

        kept = dict(ada.cookies)
        out = await (await ada.visit("/v1/staff/session", "DELETE", Origin=ESAPR)).json()
        assert out["next"].startswith(f"{provider.issuer}/session/end?")
        assert URL(out["next"]).query["post_logout_redirect_uri"] == f"{ESAPR}/staff"
        async with aiohttp.request("GET", out["next"]) as there:
            assert there.status == 200
        assert ada.cookies == {}
        # A copy of the cookie is worth nothing either.
        ada.cookies = kept
        assert await ada.who() == {}
    assert audited(tmp_path) == [
        ("staff.signed_in", "staff:ada", {"role": "clinician"}),
        ("staff.signed_out", "staff:ada", {}),
    ]


async def test_cookies_are_for_this_host_over_https_and_for_no_script(
    provider: RunningProvider,
) -> None:
    async with browser(provider) as ada:
        asked = await ada.visit("/staff/sign-in")
        back = await provider.sign_in(asked.headers["Location"], "ada")
        answer = await ada.visit(back.raw_path_qs)
        for cookie in (*asked.cookies.values(), *answer.cookies.values()):
            assert cookie.key.startswith("__Host-esapr-")
            assert (cookie["secure"], cookie["httponly"], cookie["samesite"]) == (True, True, "Lax")
            assert (cookie["path"], cookie["domain"]) == ("/", "")
        # Until the browser is closed: it may be a ward's.
        assert answer.cookies["__Host-esapr-staff"]["max-age"] == ""


async def test_roles_are_those_that_the_settings_name(
    provider: RunningProvider, tmp_path: Path
) -> None:
    async with browser(provider, state_dir=str(tmp_path)) as one:
        assert await one.sign_in("grace") == "/staff"
        assert (await one.who())["role"] == "supervisor"
    async with browser(provider, state_dir=str(tmp_path)) as other:
        assert await other.sign_in("eve") == "/staff?problem=unknown_role"
        assert other.cookies == {}
    assert audited(tmp_path)[-1] == ("staff.refused", "staff", {"reason": "unknown_role"})


async def test_who_is_denied_by_the_provider_is_told_so(provider: RunningProvider) -> None:
    async with browser(provider) as ada:
        back = await provider.sign_in(await ada.begin(), "ada", deny=True)
        assert await ada.finish(back) == "/staff?problem=denied"


async def test_an_answer_to_another_browser_signs_nobody_in(provider: RunningProvider) -> None:
    async with browser(provider) as ada:
        back = await provider.sign_in(await ada.begin(), "ada")
        stolen, ada.cookies = ada.cookies, {}
        assert await ada.finish(back) == "/staff?problem=stale"
        await ada.begin()
        assert await ada.finish(back) == "/staff?problem=stale"
        ada.cookies = stolen
        assert await ada.finish(back.update_query(state="another")) == "/staff?problem=stale"


async def test_a_code_signs_in_once(provider: RunningProvider) -> None:
    async with browser(provider) as ada:
        back = await provider.sign_in(await ada.begin(), "ada")
        before = dict(ada.cookies)
        assert await ada.finish(back) == "/staff"
        ada.cookies = before
        assert await ada.finish(back) == "/staff?problem=refused"
        assert "__Host-esapr-staff" not in ada.cookies


async def test_an_id_token_for_another_nonce_is_refused(provider: RunningProvider) -> None:
    async with browser(provider) as ada:
        asked = URL(await ada.begin()).update_query(nonce="another")
        back = await provider.sign_in(str(asked), "ada")
        assert await ada.finish(back) == "/staff?problem=refused"


async def test_a_code_that_another_challenge_asked_for_is_refused(
    provider: RunningProvider,
) -> None:
    async with browser(provider) as ada:
        asked = URL(await ada.begin()).update_query(code_challenge="A" * 43)
        back = await provider.sign_in(str(asked), "ada")
        assert await ada.finish(back) == "/staff?problem=refused"


async def test_an_answer_that_names_another_provider_is_refused(provider: RunningProvider) -> None:
    async with browser(provider) as ada:
        back = await provider.sign_in(await ada.begin(), "ada")
        other = back.update_query(iss="https://elsewhere.example")
        assert await ada.finish(other) == "/staff?problem=refused"


async def test_a_new_key_of_the_provider_is_found(provider: RunningProvider) -> None:
    async with browser(provider) as ada:
        assert await ada.sign_in() == "/staff"
        await asyncio.to_thread(provider.rotate)
        assert await ada.sign_in() == "/staff"


async def test_any_gateway_finishes_a_sign_in_and_knows_who_is_signed_in_or_out(
    provider: RunningProvider, tmp_path: Path
) -> None:
    shared = {"state_dir": str(tmp_path)}
    async with browser(provider, **shared) as here, browser(provider, **shared) as there:
        # One browser, which a balancer sends now here, now there.
        there.cookies = here.cookies
        back = await provider.sign_in(await here.begin(), "ada")
        assert await there.finish(back) == "/staff"
        kept = dict(here.cookies)
        assert (await here.who())["role"] == "clinician"
        assert (await there.visit("/v1/staff/session", "DELETE", Origin=ESAPR)).status == 200
        here.cookies.update(kept)
        assert await here.who() == {}


async def test_a_wrong_secret_and_a_provider_that_is_away_are_told_apart(
    provider: RunningProvider,
) -> None:
    async with browser(provider, oidc_client_secret="wrong") as ada:
        assert await ada.sign_in() == "/staff?problem=refused"
    async with browser(provider, oidc_issuer="http://127.0.0.1:9") as ada:
        assert await ada.begin() == "/staff?problem=away"


@pytest.mark.parametrize("page", ["https://elsewhere.example/", "//elsewhere.example", "/v1/x"])
async def test_one_comes_back_to_pages_of_this_server_only(
    provider: RunningProvider, page: str
) -> None:
    async with browser(provider) as ada:
        assert await ada.sign_in(page=page) == "/staff"


async def test_without_a_provider_there_is_nothing_to_sign_in_at() -> None:
    async with running_server() as server, aiohttp.ClientSession(server.url) as http:
        for path in ("/staff/sign-in", "/staff/callback"):
            assert await code(await http.get(path)) == "not_found"
