"""Rooms over sockets: who sees what, who comes and goes, who mutes whom."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import aiohttp
import pytest

from esapr.protocol import JSON_SUBPROTOCOL, TOKEN_PREFIX
from tests.serving import CONSENT, running_server

pytestmark = pytest.mark.real_time

Json = dict[str, Any]
Socket = aiohttp.ClientWebSocketResponse


class Guest:
    """A session in a room, and the tokens that it makes."""

    def __init__(self, http: aiohttp.ClientSession, credentials: Json) -> None:
        self.http = http
        self.credentials = credentials
        self.id = credentials["session_id"]
        self.path = f"/v1/sessions/{self.id}"
        self.bearer = {"Authorization": f"Bearer {credentials['client_token']}"}

    async def token(self, role: str, **wanted: object) -> Json:
        body = {"role": role, **wanted}
        async with self.http.post(
            f"{self.path}/tokens", json=body, headers=self.bearer
        ) as response:
            return {"status": response.status, **await response.json()}

    @asynccontextmanager
    async def feed(self, **hello: object) -> AsyncIterator[Socket]:
        """The feed of the session itself."""
        async with greeted(
            self.http, self.credentials["feed_url"], self.credentials["client_token"], **hello
        ) as (socket, _):
            yield socket

    @asynccontextmanager
    async def watch(self, role: str, **hello: object) -> AsyncIterator[tuple[Socket, Json]]:
        """The feed of the room, as somebody in ``role`` sees it, and its greeting."""
        token = self.credentials["client_token"]
        if role != "participant":
            token = (await self.token(role))["token"]
        url = self.credentials["room_feed_url"]
        async with greeted(self.http, url, token, **hello) as opened:
            yield opened

    async def leave(self) -> None:
        async with self.http.delete(self.path, headers=self.bearer) as response:
            assert response.status == 204


@asynccontextmanager
async def greeted(
    http: aiohttp.ClientSession, url: str, token: str, **hello: object
) -> AsyncIterator[tuple[Socket, Json]]:
    protocols = (JSON_SUBPROTOCOL, TOKEN_PREFIX + token)
    async with http.ws_connect(url, protocols=protocols) as socket:
        await socket.send_json({"type": "hello", "version": 1, **hello})
        yield socket, await socket.receive_json(timeout=10)


@asynccontextmanager
async def server() -> AsyncIterator[aiohttp.ClientSession]:
    async with running_server() as running, aiohttp.ClientSession(running.url) as http:
        yield http


async def enter(http: aiohttp.ClientSession, participant: str, **request: object) -> Guest:
    body = {"consent": CONSENT, "tick_ms": 100, "room": "ward", "participant": participant}
    async with http.post("/v1/demo/sessions", json=body | request) as opened:
        assert opened.status == 201, await opened.text()
        return Guest(http, await opened.json())


async def receive(socket: Socket, *kinds: str) -> Json:
    """Return the next message of these types, whatever comes before it."""
    while True:
        message: Json = await socket.receive_json(timeout=10)
        if message["type"] in kinds:
            return message


async def say_something_happy(guest: Guest) -> None:
    async with guest.feed() as socket:
        await socket.send_json({"type": "text", "body": "I am so happy, this is wonderful!"})
        while (await receive(socket, "state"))["fused"] is None:
            pass


async def test_a_clinician_sees_everybody_in_full() -> None:
    async with server() as http:
        ann, bob = await enter(http, "ann"), await enter(http, "bob")
        async with ann.watch("clinician") as (socket, entered):
            assert entered["type"] == "room.entered"
            assert {m["participant"] for m in entered["members"]} == {"ann", "bob"}
            seen: set[str] = set()
            while len(seen) < 2:
                state = await receive(socket, "state")
                assert "modalities" in state
                seen.add(state["session"])
            assert seen == {ann.id, bob.id}


async def test_a_participant_sees_the_own_states_alone() -> None:
    async with server() as http:
        ann = await enter(http, "ann")
        await enter(http, "bob")
        async with ann.watch("participant") as (socket, entered):
            assert [m["participant"] for m in entered["members"]] == ["ann"]
            for _ in range(5):
                assert (await receive(socket, "state"))["session"] == ann.id


async def test_a_supervisor_sees_trends_and_no_state() -> None:
    async with server() as http:
        ann = await enter(http, "ann")
        await say_something_happy(ann)
        async with ann.watch("supervisor") as (socket, _):
            for _ in range(5):
                message = await socket.receive_json(timeout=10)
                assert message["type"] == "trend"
                assert "fused" not in message


async def test_an_observer_sees_a_mean_from_three_people_upwards() -> None:
    async with server() as http:
        guests = [await enter(http, name) for name in ("ann", "bob", "cat")]
        async with guests[0].watch("observer") as (socket, entered):
            assert entered["members"] == []
            first = await socket.receive_json(timeout=10)
            assert first["withheld"] == {"reason": "too_few_people", "needed": 3}
            for guest in guests:
                await say_something_happy(guest)
            while (mean := (await receive(socket, "aggregate"))["mean"]) is None:
                pass
            assert mean["people"] == 3
            assert mean["probs"].index(max(mean["probs"])) == 3


async def test_a_room_tells_who_comes_and_goes_and_closes_after_the_last() -> None:
    async with server() as http:
        ann = await enter(http, "ann")
        async with ann.watch("clinician") as (socket, _):
            bob = await enter(http, "bob")
            joined = await receive(socket, "member.joined")
            shown = {"session": bob.id, "participant": "bob", "muted": [], "paused": False}
            assert joined["member"] == shown
            await bob.leave()
            left = await receive(socket, "member.left")
            assert (left["session"], left["reason"]) == (bob.id, "closed")
            await ann.leave()
            await receive(socket, "room.closed")
            assert (await socket.receive()).data == 1000
        async with http.get(ann.credentials["room_feed_url"], headers=ann.bearer) as gone:
            assert gone.status == 404


async def test_a_session_without_a_room_has_one_of_its_own() -> None:
    async with server() as http:
        body = {"consent": CONSENT, "tick_ms": 100}
        async with http.post("/v1/demo/sessions", json=body) as opened:
            alone = Guest(http, await opened.json())
        await enter(http, "ann")
        async with alone.watch("clinician") as (_, entered):
            assert [m["session"] for m in entered["members"]] == [alone.id]


async def test_a_watcher_who_comes_back_misses_no_state_of_anybody() -> None:
    async with server() as http:
        ann, bob = await enter(http, "ann"), await enter(http, "bob")
        token = (await ann.token("clinician"))["token"]
        seen: dict[str, list[int]] = {ann.id: [], bob.id: []}
        hello: Json = {}
        for _ in range(5):
            url = ann.credentials["room_feed_url"]
            async with greeted(http, url, token, **hello) as (socket, _):
                for _ in range(6):
                    state = await receive(socket, "state")
                    seen[state["session"]].append(state["seq"])
            await asyncio.sleep(0.25)  # states go on while nobody listens
            last = {session: seqs[-1] for session, seqs in seen.items() if seqs}
            hello = {"resume": {"last_seqs": last}}
        for seqs in seen.values():
            assert seqs == list(range(seqs[0], seqs[0] + len(seqs)))
            assert len(seqs) > 10


async def test_a_watcher_who_comes_back_gets_the_last_words_of_who_has_left_meanwhile() -> None:
    async with server() as http:
        ann, bob = await enter(http, "ann"), await enter(http, "bob")
        token = (await ann.token("clinician"))["token"]
        url = ann.credentials["room_feed_url"]
        async with greeted(http, url, token) as (socket, _):
            while (state := await receive(socket, "state"))["session"] != bob.id:
                pass
        async with bob.feed() as own:
            for _ in range(3):
                last = await receive(own, "state")
        await bob.leave()
        seen = [state["seq"]]
        hello = {"resume": {"last_seqs": {bob.id: state["seq"]}}}
        async with greeted(http, url, token, **hello) as (socket, entered):
            assert [m["session"] for m in entered["members"]] == [ann.id]
            while (message := await receive(socket, "state", "member.left"))["type"] == "state":
                if message["session"] == bob.id:
                    seen.append(message["seq"])
            assert message["session"] == bob.id
        assert seen == list(range(seen[0], seen[0] + len(seen)))
        assert seen[-1] >= last["seq"]


@pytest.mark.parametrize(
    ("sent", "code", "field"),
    [
        ({"type": "text", "body": "hello"}, "bad_message", "type"),
        ({"type": "close"}, "bad_message", "type"),
        ({"type": "mute", "modality": "text", "muted": True}, "config_invalid", "session"),
        ({"type": "hello", "version": 1}, "bad_message", "type"),
    ],
)
async def test_what_a_rooms_feed_does_not_take(sent: Json, code: str, field: str) -> None:
    async with server() as http:
        ann = await enter(http, "ann")
        async with ann.watch("clinician") as (socket, _):
            await socket.send_json(sent)
            error = await receive(socket, "error")
            assert (error["code"], error["field"]) == (code, field)


async def test_each_feed_names_the_resume_field_that_it_needs() -> None:
    async with server() as http:
        ann = await enter(http, "ann")
        async with ann.watch("clinician", resume={"last_seq": 0}) as (socket, _):
            assert (await receive(socket, "error"))["field"] == "resume.last_seqs"
        async with ann.feed(resume={"last_seqs": {}}) as socket:
            assert (await receive(socket, "error"))["field"] == "resume.last_seq"


async def test_a_stopping_server_closes_rooms_with_1001() -> None:
    async with aiohttp.ClientSession() as http:
        async with running_server() as running:
            async with aiohttp.ClientSession(running.url) as opening:
                ann = await enter(opening, "ann")
                token = (await ann.token("clinician"))["token"]
            socket = await http.ws_connect(
                running.url + ann.credentials["room_feed_url"],
                protocols=(JSON_SUBPROTOCOL, TOKEN_PREFIX + token),
            )
            reader = asyncio.gather(_kinds(socket))
        ((*_, closed, error),) = await reader
        assert (closed, error) == ("room.closed", "error")
        assert socket.close_code == 1001


async def _kinds(socket: Socket) -> list[str]:
    kinds = []
    while (frame := await socket.receive()).type is aiohttp.WSMsgType.TEXT:
        kinds.append(frame.json()["type"])
    return kinds
