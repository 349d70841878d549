"""Further tokens: what they open, and what they do not."""

import pytest

from esapr.protocol import limits
from tests.server.http.test_rooms import enter, greeted, receive, server

pytestmark = pytest.mark.real_time


async def test_a_token_says_what_it_allows_and_where() -> None:
    async with server() as http:
        ann = await enter(http, "ann")
        token = await ann.token("clinician", redeem_seconds=5)
        assert token["status"] == 201
        scopes = ["feed", "mute", "report", "notes"]
        assert (token["view"], token["scopes"]) == ("full", scopes)
        assert (token["feed_url"], token["redeem_seconds"]) == ("/v1/rooms/ward/feed", 5)
        second_screen = await ann.token("participant", scopes=["feed"])
        assert second_screen["feed_url"] == f"{ann.path}/feed"


@pytest.mark.parametrize(
    ("wanted", "field"),
    [
        ({"role": "owner"}, "role"),
        ({"role": "observer", "scopes": ["mute"]}, "scopes"),
        ({"role": "clinician", "scopes": ["tokens"]}, "scopes"),
        ({"role": "clinician", "redeem_seconds": 0}, "redeem_seconds"),
        ({"role": "clinician", "origin": "clinic.example"}, "origin"),
        (
            {"role": "clinician", "redeem_seconds": limits.MAX_REDEEM_SECONDS + 1},
            "redeem_seconds",
        ),
    ],
)
async def test_a_token_that_cannot_be_had_names_the_field(
    wanted: dict[str, object], field: str
) -> None:
    async with server() as http:
        ann = await enter(http, "ann")
        refused = await ann.token(**wanted)  # type: ignore[arg-type]
        assert (refused["status"], refused["error"]["code"]) == (400, "config_invalid")
        assert refused["error"]["field"] == field


async def test_a_watchers_token_opens_the_rooms_feed_and_nothing_else() -> None:
    async with server() as http:
        ann = await enter(http, "ann")
        await enter(http, "bob", room="other")
        bearer = {"Authorization": f"Bearer {(await ann.token('clinician'))['token']}"}
        for method, path, status, code in (
            ("GET", f"{ann.path}/feed", 403, "scope_missing"),
            ("POST", f"{ann.path}/whip", 403, "scope_missing"),
            ("POST", f"{ann.path}/tokens", 403, "scope_missing"),
            ("DELETE", ann.path, 403, "scope_missing"),
            ("GET", "/v1/rooms/other/feed", 401, "token_invalid"),
        ):
            async with http.request(method, path, headers=bearer) as refused:
                body = await refused.json()
                assert (refused.status, body["error"]["code"]) == (status, code), path


async def test_a_second_screen_may_not_speak() -> None:
    async with server() as http:
        ann = await enter(http, "ann")
        ann.credentials["client_token"] = (await ann.token("participant", scopes=["feed"]))["token"]
        async with ann.feed() as socket:
            for message in ({"type": "text", "body": "hello"}, {"type": "close"}):
                await socket.send_json(message)
                assert (await receive(socket, "error"))["code"] == "scope_missing"
            await receive(socket, "state")


async def test_a_token_bound_to_an_origin_is_for_its_pages() -> None:
    async with server() as http:
        ann = await enter(http, "ann")
        token = (await ann.token("clinician", origin="https://clinic.example"))["token"]
        url = f"{ann.credentials['room_feed_url']}?token={token}"
        for origin, status in (("https://elsewhere.example", 401), ("https://clinic.example", 400)):
            async with http.get(url, headers={"Origin": origin}) as response:
                # 400: let in, but it is no WebSocket.
                assert response.status == status


async def test_a_token_that_one_client_has_redeemed_is_worth_nothing_to_another() -> None:
    async with server() as http:
        ann = await enter(http, "ann")
        token = (await ann.token("participant"))["token"]
        mine, theirs = (f"{token}.{letter * limits.MIN_CLIENT_SECRET}" for letter in "mt")
        for shown, status in ((mine, 200), (token, 401), (theirs, 401), (mine, 200)):
            async with http.get(ann.path, headers={"Authorization": f"Bearer {shown}"}) as answer:
                assert answer.status == status


async def test_a_revoked_token_closes_the_feeds_it_has_opened_and_no_other() -> None:
    async with server() as http:
        ann = await enter(http, "ann")
        url = ann.credentials["room_feed_url"]
        kept, revoked = await ann.token("clinician"), await ann.token("clinician")
        second_screen = await ann.token("participant", scopes=["feed"])
        async with (
            greeted(http, url, kept["token"]) as (stays, _),
            greeted(http, url, revoked["token"]) as (goes, _),
            greeted(http, second_screen["feed_url"], second_screen["token"]) as (goes_too, _),
        ):
            for made, socket in ((revoked, goes), (second_screen, goes_too)):
                path = f"{ann.path}/tokens/{made['token_id']}"
                assert (await http.delete(path, headers=ann.bearer)).status == 204
                assert (await receive(socket, "error"))["code"] == "token_invalid"
                assert (await socket.receive()).data == 4401
                assert (await http.delete(path, headers=ann.bearer)).status == 404
            await receive(stays, "state")
        async with http.get(f"{url}?token={revoked['token']}") as refused:
            assert refused.status == 401


async def test_all_tokens_of_a_session_can_be_revoked_and_others_stay() -> None:
    async with server() as http:
        ann, bob = await enter(http, "ann"), await enter(http, "bob")
        async with ann.feed() as socket, bob.feed() as other:
            answer = await http.delete(f"{ann.path}/tokens", headers=ann.bearer)
            assert answer.status == 204
            await receive(socket, "error")
            assert (await socket.receive()).data == 4401
            await receive(other, "state")
        assert (await http.get(ann.path, headers=ann.bearer)).status == 401
