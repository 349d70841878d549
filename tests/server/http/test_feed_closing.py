"""How a feed closes, and what is said before."""

import asyncio

import aiohttp
import pytest

from esapr.protocol import JSON_SUBPROTOCOL, TOKEN_PREFIX, limits
from tests.server.http.feeds import Json, client, last_words, receive
from tests.serving import CONSENT, running_server

pytestmark = pytest.mark.real_time


async def test_binary_junk_is_answered_and_ten_times_is_enough() -> None:
    async with client() as (one, _), one.greeted() as socket:
        for _ in range(limits.MAX_BAD_MESSAGES):
            await socket.send_bytes(b"\x00\xff\x13junk")
            assert (await receive(socket, "error"))["code"] == "bad_message"
        while (await socket.receive()).type is aiohttp.WSMsgType.TEXT:
            pass
        assert socket.close_code == 4400


async def test_a_message_past_the_limit_closes_that_feed_only_and_says_so() -> None:
    async with client() as (one, _), one.greeted() as other, one.greeted() as socket:
        await socket.send_str(" " * (limits.MAX_MESSAGE_BYTES + 1))
        assert (await last_words(socket))["code"] == "message_too_big"
        assert socket.close_code == 1009
        await receive(other, "state")


async def test_text_that_is_not_utf8_closes_with_an_error() -> None:
    async with client() as (one, _), one.greeted() as socket:
        await socket.send_frame(b"\xff\xfe", aiohttp.WSMsgType.TEXT)
        assert (await last_words(socket))["code"] == "bad_message"
        assert socket.close_code == 4400


async def test_another_version_is_refused_and_the_feed_closes() -> None:
    async with client() as (one, _), one.feed() as socket:
        await socket.send_json({"type": "hello", "version": 2})
        error = await last_words(socket)
        assert (error["code"], error["field"]) == ("version_unsupported", "version")
        assert socket.close_code == 4400


async def test_a_ping_is_answered_with_what_it_said_and_is_no_message() -> None:
    async with client() as (one, _):
        protocols = (JSON_SUBPROTOCOL, TOKEN_PREFIX + one.credentials["client_token"])
        path = one.credentials["feed_url"]
        async with one.http.ws_connect(path, protocols=protocols, autoping=False) as socket:
            await socket.ping(b"abcd")
            frame = await socket.receive(timeout=10)

    assert (frame.type, bytes(frame.data)) == (aiohttp.WSMsgType.PONG, b"abcd")


async def test_a_client_that_answers_no_ping_is_warned_and_then_given_up() -> None:
    async with client(server={"silence_timeout": 1}) as (one, _):
        protocols = (JSON_SUBPROTOCOL, TOKEN_PREFIX + one.credentials["client_token"])
        path = one.credentials["feed_url"]
        async with one.http.ws_connect(path, protocols=protocols, autoping=False) as socket:
            await socket.send_json({"type": "hello", "version": 1})
            seen = []
            while (frame := await socket.receive(timeout=10)).type is not aiohttp.WSMsgType.CLOSE:
                seen.append("ping" if frame.type is aiohttp.WSMsgType.PING else frame.json())
        kinds = [each if each == "ping" else each["type"] for each in seen]
        assert kinds.index("ping") < kinds.index("warning") < kinds.index("error")
        assert seen[-1]["code"] == "unresponsive"
        assert socket.close_code == 4408


async def test_a_client_that_answers_pings_may_say_nothing_for_ever() -> None:
    async with client(server={"silence_timeout": 1}) as (one, _), one.greeted() as socket:
        states = 0
        while states < 25:  # two and a half seconds of ticks
            message = await socket.receive_json(timeout=10)
            assert message["type"] == "state"
            states += 1


async def test_a_flood_of_messages_closes_the_feed_with_4429() -> None:
    async with client() as (one, _), one.greeted() as socket:
        for _ in range(limits.MESSAGE_BURST + 50):
            await socket.send_json({"type": "ping", "t": 1})
        last: Json = {}
        while (frame := await socket.receive()).type is aiohttp.WSMsgType.TEXT:
            last = frame.json()
        assert (last["code"], last["field"]) == ("rate_limited", "message")
        assert socket.close_code == 4429


async def test_what_was_said_right_before_the_close_is_scored_and_shown() -> None:
    async with client(tick_ms=5_000, modalities=["text"]) as (one, _), one.greeted() as socket:
        for _ in range(3):
            await socket.send_json({"type": "text", "body": "I am so happy, this is wonderful!"})
        await socket.send_json({"type": "close"})
        last = await receive(socket, "state")
        assert last["modalities"]["text"]["lines"] == 3
        assert last["fused"]["label"] == "happy"
        # It is shorter than the others: the session ends with it.
        assert last["t_end_ms"] < 5_000
        totals = (await receive(socket, "session.closed"))["totals"]
        assert (totals["lines"], totals["states"], totals["fused"]) == (3, 1, 1)
        await socket.receive()
        assert socket.close_code == 1000


async def test_after_the_close_nothing_more_is_taken_in() -> None:
    async with client(tick_ms=5_000, modalities=["text"]) as (one, _), one.greeted() as socket:
        for kind in ({"type": "text", "body": "wonderful"}, {"type": "close"}):
            await socket.send_json(kind)
        await socket.send_json({"type": "text", "body": "one more thing"})
        said = [await socket.receive_json() for _ in range(2)]
        while said[-1]["type"] != "session.closed":
            said.append(await socket.receive_json())
        assert said[-1]["totals"]["lines"] == 1
        refused = {message["code"] for message in said if message["type"] == "error"}
        assert refused <= {"session_closed"}


async def test_revoked_consent_ends_the_session_for_everybody() -> None:
    async with client() as (one, _), one.greeted() as other, one.greeted() as socket:
        await socket.send_json({"type": "consent.revoke"})
        for each in (socket, other):
            assert (await receive(each, "session.closed"))["reason"] == "consent_revoked"
            assert (await each.receive_json())["code"] == "consent_required"
            await each.receive()
            assert each.close_code == 4403
        response = await one.http.get(one.credentials["feed_url"])
        assert response.status == 404


async def test_a_stopping_server_sends_what_it_has_and_closes_with_1001() -> None:
    async with aiohttp.ClientSession() as http, asyncio.TaskGroup() as readers:
        async with running_server() as server:
            url = server.url
            body = {"consent": CONSENT, "tick_ms": 100}
            credentials = await (await http.post(f"{url}/v1/demo/sessions", json=body)).json()
            protocols = (JSON_SUBPROTOCOL, TOKEN_PREFIX + credentials["client_token"])
            socket = await http.ws_connect(url + credentials["feed_url"], protocols=protocols)
            await socket.send_json({"type": "hello", "version": 1})
            first = (await receive(socket, "state"))["seq"]
            reader = readers.create_task(_read_all(socket))
        messages = await reader
        states = [first, *(m["seq"] for m in messages if m["type"] == "state")]
        closed, error = messages[-2:]
        assert closed["type"] == "session.closed"
        assert closed["totals"]["states"] == states[-1] + 1
        assert (error["code"], error["retryable"]) == ("shutting_down", True)
        assert socket.close_code == 1001


async def _read_all(socket: aiohttp.ClientWebSocketResponse) -> list[Json]:
    messages = []
    while (frame := await socket.receive()).type is aiohttp.WSMsgType.TEXT:
        messages.append(frame.json())
    return messages
