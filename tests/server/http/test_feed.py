"""The feed: greeting, states, text, bad input, resume and the way it closes."""

import asyncio

import aiohttp
import pytest

from esapr.inference.emotions import LABELS
from esapr.protocol import MSGPACK_SUBPROTOCOL, limits
from esapr.protocol.codec import Format, decode_server, encode
from esapr.protocol.messages import Hello, SessionCreated, State
from tests.server.http.feeds import Json, client, receive
from tests.serving import CONSENT

pytestmark = pytest.mark.real_time


async def test_hello_is_answered_with_labels_limits_and_models() -> None:
    async with client() as (one, _), one.feed() as socket:
        await socket.send_json({"type": "hello", "version": 1})
        created = await socket.receive_json()
        assert created["type"] == "session.created"
        assert created["labels"] == list(LABELS)
        assert created["limits"]["max_text_characters"] == limits.MAX_TEXT_CHARACTERS
        assert set(created["models"]) == {"face", "voice", "text"}


async def test_a_line_of_text_becomes_a_fused_state() -> None:
    async with client() as (one, _), one.greeted() as socket:
        line = {"type": "text", "body": "I am so happy, this is wonderful!", "source": "caption"}
        await socket.send_json(line)
        while (state := await receive(socket, "state"))["fused"] is None:
            assert state["abstain"]["reason"] == "warming_up"
        assert state["fused"]["label"] == "happy"
        assert state["modalities"]["text"]["weight"] == 1.0
        assert state["modalities"]["text"]["source"] == "caption"
        assert state["t_end_ms"] - state["t_start_ms"] == 100


async def test_an_expression_that_lasts_is_an_event() -> None:
    async with client() as (one, _), one.greeted() as socket:
        await socket.send_json({"type": "text", "body": "I am so happy, this is wonderful!"})
        event = await receive(socket, "event")
        assert {**event, "t_ms": 0} == {
            "type": "event",
            "kind": "expression",
            "t_ms": 0,
            "active": True,
            "label": "happy",
        }


async def test_both_formats_carry_the_same_session() -> None:
    async with client() as (one, _), one.feed(MSGPACK_SUBPROTOCOL) as socket:
        await socket.send_bytes(encode(Hello(version=1), Format.MSGPACK))
        created = decode_server((await socket.receive_bytes()), Format.MSGPACK)
        assert isinstance(created, SessionCreated)
        state = decode_server((await socket.receive_bytes()), Format.MSGPACK)
        assert isinstance(state, State)
        assert state.session == created.session


@pytest.mark.parametrize(
    ("sent", "code", "field"),
    [
        ("junk", "bad_message", None),
        ('{"type":"dance"}', "bad_message", "type"),
        ('{"type":"text","body":"x","colour":1}', "config_invalid", "colour"),
        ('{"type":"text","body":"  "}', "text_empty", "body"),
        ('{"type":"text","body":"x","at_ms":99999999}', "config_invalid", "at_ms"),
        ('{"type":"hello","version":1}', "bad_message", "type"),
        ('{"type":"configure","tick_ms":99}', "config_invalid", "tick_ms"),
    ],
)
async def test_a_bad_message_is_answered_and_the_feed_goes_on(
    sent: str, code: str, field: str | None
) -> None:
    async with client() as (one, _), one.greeted() as socket:
        await socket.send_str(sent)
        error = await receive(socket, "error")
        assert (error["code"], error.get("field")) == (code, field)
        await receive(socket, "state")


async def test_text_at_the_limit_is_taken_and_longer_text_is_refused() -> None:
    async with client() as (one, _), one.greeted() as socket:
        body = "happy " * 667
        await socket.send_json({"type": "text", "body": body[: limits.MAX_TEXT_CHARACTERS]})
        while (await receive(socket, "state"))["fused"] is None:
            pass
        await socket.send_json({"type": "text", "body": "x" * (limits.MAX_TEXT_CHARACTERS + 1)})
        error = await receive(socket, "error")
        assert (error["code"], error["field"]) == ("text_too_long", "body")
        # 3 MB is a message that may be read, and a text that may not.
        await socket.send_json({"type": "text", "body": "x" * 3_000_000})
        assert (await receive(socket, "error"))["code"] == "text_too_long"
        await receive(socket, "state")


async def test_subprotocols_of_another_version_are_refused_before_the_socket_opens() -> None:
    async with client() as (one, _):
        with pytest.raises(aiohttp.WSServerHandshakeError) as refused:
            await one.feed("esapr.v2.json")
        assert refused.value.status == 400


async def test_hello_comes_first() -> None:
    async with client() as (one, _), one.feed() as socket:
        await socket.send_json({"type": "text", "body": "hello"})
        assert (await socket.receive_json())["message"] == "hello comes first"


async def test_fifty_lines_at_once_are_limited_and_none_accepted_is_lost() -> None:
    async with client() as (one, _), one.greeted() as socket:
        for _ in range(50):
            await socket.send_json({"type": "text", "body": "that is great"})
        refused = scored = 0
        while refused + scored < 50:
            message = await socket.receive_json(timeout=10)
            if message["type"] == "error":
                assert (message["code"], message["field"]) == ("rate_limited", "text")
                assert message["retryable"]
                refused += 1
            elif message["type"] == "state":
                scored = message["modalities"].get("text", {}).get("lines", 0)
        assert scored >= limits.TEXT_BURST


async def test_ping_is_answered_with_its_own_time() -> None:
    async with client() as (one, _), one.greeted() as socket:
        await socket.send_json({"type": "ping", "t": 12.5})
        assert (await receive(socket, "pong"))["t"] == 12.5


async def test_the_configuration_is_locked_by_the_first_text() -> None:
    async with client() as (one, _), one.greeted() as socket:
        await socket.send_json({"type": "configure", "tick_ms": 200, "modalities": ["text"]})
        updated = await receive(socket, "session.updated")
        expected = {"tick_ms": 200, "modalities": ["text"], "detail": "state", "baseline": []}
        assert updated["config"] == {**expected, "smoothing_ms": 0}
        await socket.send_json({"type": "text", "body": "hello"})
        await socket.send_json({"type": "configure", "tick_ms": 300})
        assert (await receive(socket, "error"))["code"] == "config_locked"
        await socket.send_json({"type": "configure", "smoothing_ms": 2_000})
        updated = await receive(socket, "session.updated")
        assert updated["config"] == {**expected, "smoothing_ms": 2_000}


async def test_a_baseline_that_nobody_here_has_signed_is_refused() -> None:
    receipt = {**CONSENT, "covers": ["baseline"]}
    async with client(consent=receipt) as (one, _), one.greeted() as socket:
        await socket.send_json({"type": "baseline.load", "blob": "not.a.blob"})
        error = await receive(socket, "error")
        assert (error["code"], error["field"]) == ("baseline_invalid", "blob")
        await socket.send_json({"type": "baseline.start", "capture_ms": 2_000})
        error = await receive(socket, "error")
        assert (error["code"], error["field"]) == ("config_invalid", "capture_ms")
        await socket.send_json({"type": "baseline.start", "capture_ms": 4_000})
        await socket.send_json({"type": "ping", "t": 1.0})
        assert (await receive(socket, "pong"))["t"] == 1.0


async def test_a_reconnecting_client_gets_every_state_once_and_in_order() -> None:
    async with client() as (one, _):
        seen: list[int] = []
        hello: Json = {}
        for _ in range(5):
            async with one.greeted(**hello) as socket:
                for _ in range(3):
                    seen.append((await receive(socket, "state"))["seq"])
            await asyncio.sleep(0.25)  # states go on while nobody listens
            hello = {"resume": {"last_seq": seen[-1]}}
        assert seen == list(range(seen[0], seen[0] + len(seen)))


async def test_resuming_from_the_future_names_the_field() -> None:
    async with client() as (one, _), one.feed() as socket:
        await socket.send_json({"type": "hello", "version": 1, "resume": {"last_seq": 9999}})
        error = await receive(socket, "error")
        assert (error["code"], error["field"]) == ("config_invalid", "resume.last_seq")


async def test_one_feed_too_many_is_refused() -> None:
    async with client() as (one, _):
        sockets = [await one.feed() for _ in range(limits.MAX_FEEDS_PER_SESSION)]
        with pytest.raises(aiohttp.WSServerHandshakeError) as refused:
            await one.feed()
        assert refused.value.status == 429
        for socket in sockets:
            await socket.close()
