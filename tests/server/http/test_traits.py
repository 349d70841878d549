"""Traits: only of those who agreed to them, for a purpose of theirs, and only from enough words."""

import json
from typing import Any

import aiohttp
import pytest

from esapr.protocol.analyses import REQUEST_HEADER
from tests.server.http.feeds import Json, client, receive
from tests.serving import CONSENT, running_server

pytestmark = pytest.mark.real_time

AGREED = {**CONSENT, "covers": ["records", "traits"]}
LINE = (
    "I would rather stay at home with a good book than go to another party, although my friends "
    "keep asking me to come, and when I go I always end up in the kitchen with the cat. "
)
TRAITS = {"extraversion", "neuroticism", "agreeableness", "conscientiousness", "openness"}


async def test_traits_come_with_the_words_and_stay_in_the_report() -> None:
    async with client(modalities=["text"], consent=AGREED) as (one, _):
        bearer = {"Authorization": f"Bearer {one.credentials['client_token']}"}
        async with one.greeted() as socket:
            first = await receive(socket, "state")
            for _ in range(8):
                await socket.send_json({"type": "text", "body": 2 * LINE})
            state = first
            while not state["traits"]["scores"]:
                state = await receive(socket, "state")
        async with one.http.get(f"{one.path}/report", headers=bearer) as answer:
            report: Json = await answer.json()
        async with one.http.get(f"{one.path}/report.csv", headers=bearer) as answer:
            last = (await answer.text()).splitlines()[-1].split(",")

    assert first["traits"] == {"words": 0, "scores": None, "abstain": "insufficient_text"}
    assert state["traits"]["words"] >= 200
    assert state["traits"]["scores"].keys() == TRAITS
    for each in state["traits"]["scores"].values():
        assert 0 < each["low"] < each["score"] < each["high"] < 1
    assert report["traits"]["scores"].keys() == TRAITS
    assert "traits" not in report["absent"]
    assert int(last[-16]) == report["traits"]["words"]


@pytest.mark.parametrize(
    ("request_body", "why"),
    [
        ({"consent": CONSENT}, "not_covered"),
        ({"consent": AGREED, "modalities": ["face"]}, "not_in_session"),
        ({"consent": AGREED}, "insufficient_text"),
    ],
)
async def test_without_them_the_report_says_why(request_body: dict[str, Any], why: str) -> None:
    body = {"modalities": ["text"], **request_body}
    async with client(**body) as (one, _):
        bearer = {"Authorization": f"Bearer {one.credentials['client_token']}"}
        async with one.greeted() as socket:
            state = await receive(socket, "state")
        async with one.http.get(f"{one.path}/report", headers=bearer) as answer:
            report: Json = await answer.json()

    assert ("traits" in state) == ("traits" in body["consent"]["covers"])
    assert (report["traits"], report["absent"]["traits"]) == (None, why)


@pytest.mark.parametrize(("covers", "agreed"), [(["traits"], True), ([], False)])
async def test_a_document_has_them_where_they_were_agreed_to(
    covers: list[str], agreed: bool
) -> None:
    wanted = json.dumps({"consent": {**CONSENT, "covers": covers}})
    headers = {"Content-Type": "text/plain", REQUEST_HEADER: wanted}
    async with running_server() as server, aiohttp.ClientSession(server.url) as http:
        data = (8 * LINE).encode()
        async with http.post("/v1/demo/analyses", data=data, headers=headers) as taken:
            credentials = await taken.json()
        bearer = {"Authorization": f"Bearer {credentials['token']}"}
        async with http.get(credentials["events_url"], headers=bearer) as events:
            await events.read()
        async with http.get(credentials["url"], headers=bearer) as answer:
            summary = (await answer.json())["summary"]

    assert ("traits" in summary) == agreed
    if agreed:
        assert summary["traits"]["scores"].keys() == TRAITS
        # "don't" would be two words, and there is no such one: all words count, the last ones, too.
        assert summary["traits"]["words"] == 8 * len(LINE.split())
