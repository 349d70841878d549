"""Recommendations over HTTP: for whom, from what, and for how long."""

from pathlib import Path

import aiohttp
import pytest

from esapr.protocol import limits
from esapr.server.support import SupportError
from tests.server.http.feeds import Client, Json, client, receive
from tests.serving import CONSENT, running_server

pytestmark = pytest.mark.real_time

SAD = "I am so sad and lonely, I miss him and I keep crying."
AGREED = {**CONSENT, "covers": ["recommendations"]}
ON = {"catalogue": "shipped", "records": False}


def bearer(one: Client) -> dict[str, str]:
    return {"Authorization": f"Bearer {one.credentials['client_token']}"}


async def asked(one: Client, status: int = 200) -> Json:
    async with one.http.get(f"{one.path}/recommendations", headers=bearer(one)) as answer:
        assert answer.status == status, await answer.text()
        found: Json = await answer.json()
        return found


async def talk(one: Client, line: str = SAD) -> None:
    """Send a line, wait until it shows, and end the session."""
    async with one.greeted() as socket:
        await socket.send_json({"type": "text", "body": line})
        for _ in range(2):
            while (await receive(socket, "state"))["fused"] is None:
                pass
        await socket.send_json({"type": "close"})
        await receive(socket, "session.closed")


async def test_after_a_session_what_fits_is_named_with_the_figures_it_follows_from(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(limits, "RECOMMENDATION_SECONDS", 0.2)
    consent = {**AGREED, "language": "de"}
    async with client(ON, modalities=["text"], consent=consent) as (one, _):
        await talk(one)
        found = await asked(one)
        again = await asked(one)

        assert (found["abstain"], found["help_lines"]) == (None, [])
        assert found["basis"]["valence"] < 0
        assert found["basis"]["seconds"] >= 0.2
        first = found["items"][0]["because"]
        basis = found["basis"]
        assert first == {"step": "match", "valence": basis["valence"], "arousal": basis["arousal"]}
        assert {each["language"] for each in found["items"]} <= {"de", "zxx"}
        assert again == found
        assert (await one.http.delete(one.path, headers=bearer(one))).status == 204
        await asked(one, status=404)


async def test_a_session_of_a_moment_gets_none_and_help_lines_come_first() -> None:
    async with client(ON, modalities=["text"], consent=AGREED) as (one, _):
        await talk(one, "I want to kill myself, I am so sad")
        found = await asked(one)

    assert found["abstain"] == {"reason": "too_little_evidence", "needed_seconds": 30}
    assert (found["items"], found["basis"]) == ([], None)
    assert [each["id"] for each in found["help_lines"]] == ["find-a-helpline"]


async def test_who_has_not_agreed_gets_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "RECOMMENDATION_SECONDS", 0.0)
    async with client(ON, modalities=["text"]) as (one, _):
        await talk(one)
        assert (await asked(one))["abstain"]["reason"] == "not_agreed"


async def test_revoking_consent_forgets_what_they_would_follow_from() -> None:
    async with client(ON, modalities=["text"], consent=AGREED) as (one, _):
        async with one.greeted() as socket:
            await socket.send_json({"type": "consent.revoke"})
            await receive(socket, "session.closed")
        assert (await asked(one, status=404))["error"]["code"] == "not_found"


async def test_after_a_while_nothing_is_left(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "REPORT_SECONDS", 0.0)
    async with client(ON, modalities=["text"], consent=AGREED) as (one, _):
        await talk(one)
        async with one.http.get(f"{one.path}/recommendations", headers=bearer(one)) as answer:
            assert answer.status in (401, 404)


async def test_a_deployment_that_names_no_catalogue_offers_none() -> None:
    async with client(modalities=["text"], consent=AGREED) as (one, _):
        await asked(one, status=404)
        async with one.http.get("/v1/notice") as notice:
            assert (await notice.json())["covers"] == ["records", "text", "traits", "baseline"]


async def test_the_notice_says_what_a_receipt_may_cover() -> None:
    async with client(ON) as (one, server), aiohttp.ClientSession(server.url) as http:
        assert one.http
        async with http.get("/v1/notice?language=de") as notice:
            assert (await notice.json())["covers"] == ["recommendations", "traits", "baseline"]


@pytest.mark.parametrize("setting", ["catalogue", "help_lines_file"])
async def test_a_server_does_not_start_with_a_file_that_it_cannot_use(
    setting: str, tmp_path: Path
) -> None:
    file = tmp_path / "broken.toml"
    file.write_text('version = "1"\n[[lines]]\nid = "ours"\n[[entries]]\nid = "ours"\n', "utf-8")
    with pytest.raises(SupportError, match=f"^{setting}: "):
        async with running_server(**{setting: str(file)}):
            pass
