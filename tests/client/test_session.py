"""The SDK against a real server: states, media, refusals, the way a session ends."""

import asyncio
from pathlib import Path

import pytest

from esapr.client import (
    Client,
    FeedClosedError,
    RefusedError,
    UnreachableError,
    consent,
)
from esapr.protocol import limits
from esapr.protocol.messages import Error, Gap, State
from esapr.protocol.overlays import Overlay
from tests.serving import running_server

pytestmark = pytest.mark.real_time

RECEIPT = consent("test participant", text_version="2026-11", method="test")
PORTRAIT = (Path(__file__).parents[1] / "data/astronaut.jpg").read_bytes()


async def test_a_line_of_text_becomes_a_fused_state() -> None:
    async with (
        running_server() as server,
        Client(server.url) as client,
        client.session(consent=RECEIPT, participant="ann", tick_ms=100) as session,
    ):
        await session.send_text("I am so happy, this is wonderful!")
        async for state in session.states():
            if state.fused:
                break
        assert state.fused
        assert state.fused.label == "happy"
        assert state.participant == "ann"
        assert session.notice == session.created.notice


async def test_a_session_may_explain_itself_and_be_smooth() -> None:
    async with (
        running_server() as server,
        Client(server.url) as client,
        client.session(
            consent=RECEIPT, tick_ms=100, modalities=["text"], explain=True, smoothing_ms=700
        ) as session,
    ):
        await session.send_text("I am so happy, this is wonderful!")
        async for state in session.states():
            if state.fused:
                break
        assert session.created.config.smoothing_ms == 700
        assert state.explanation
        assert state.explanation.first == "happy"


async def test_writing_down_is_asked_for_and_refused_where_nothing_does_it() -> None:
    async with running_server() as server, Client(server.url) as client:
        with pytest.raises(RefusedError) as refused:
            await client.open(consent=RECEIPT, transcribe=True)
        assert (refused.value.code, refused.value.field) == ("config_invalid", "transcribe")


async def test_pictures_reach_the_states() -> None:
    async with (
        running_server() as server,
        Client(server.url) as client,
        client.session(consent=RECEIPT, tick_ms=200, modalities=["face"]) as session,
    ):
        await session.send_image(PORTRAIT)
        async with asyncio.timeout(30):
            async for state in session.states():
                await session.send_image(PORTRAIT)
                if state.modalities.face:
                    break
        assert state.modalities.face


async def test_what_may_do_good_is_read_after_a_session(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "RECOMMENDATION_SECONDS", 0.1)
    agreed = consent("t", text_version="2026-11", method="test", covers=["recommendations"])
    async with running_server(catalogue="shipped") as server, Client(server.url) as client:
        async with client.session(consent=agreed, tick_ms=100, modalities=["text"]) as session:
            await session.send_text("I am so sad, I miss him and I keep crying.")
            fused = 0
            async for state in session.states():
                fused += state.fused is not None
                if fused > 2:
                    break
        named = await client.recommendations(session.credentials)
    assert named.basis
    assert named.basis.valence < 0
    assert named.items[0].because.step == "match"


async def test_leaving_ends_the_session() -> None:
    async with running_server() as server, Client(server.url) as client:
        async with client.session(consent=RECEIPT) as session:
            await session.send_text("That is great.")
        assert session.closed
        assert session.closed.reason == "closed"
        with pytest.raises(RefusedError, match="not_found"):
            async with client.watch(session.credentials.feed_url, "any"):
                pass


async def test_an_error_in_the_block_comes_out_as_it_is_and_the_session_is_ended() -> None:
    async with running_server() as server:
        with pytest.raises(ZeroDivisionError):
            async with Client(server.url) as client, client.session(consent=RECEIPT):
                raise ZeroDivisionError
        assert server.metrics.sessions._value.get() == 0


async def test_revoking_consent_ends_the_session_at_once() -> None:
    async with (
        running_server() as server,
        Client(server.url) as client,
        client.session(consent=RECEIPT) as session,
    ):
        async with asyncio.TaskGroup() as group:
            revoking = group.create_task(session.revoke_consent())
            await asyncio.sleep(0)
            assert not revoking.done()
            with pytest.raises(FeedClosedError, match="session_closed"):
                await session.send_text("not covered any more")
        assert session.closed
        assert session.closed.reason == "consent_revoked"
        assert isinstance([message async for message in session.messages()][-1], Error)
        with pytest.raises(FeedClosedError, match="session_closed"):
            await session.send_text("too late")


async def test_a_session_without_consent_is_refused() -> None:
    async with running_server() as server, Client(server.url) as client:
        with pytest.raises(RefusedError) as refused:
            async with client.session(consent=None):
                pass
        error = refused.value
        assert (error.code, error.field, error.retryable) == ("consent_required", "consent", False)
        assert error.request_id


async def test_a_setting_out_of_range_names_its_field() -> None:
    async with running_server() as server, Client(server.url) as client:
        with pytest.raises(RefusedError) as refused:
            async with client.session(consent=RECEIPT, tick_ms=99):
                pass
        assert (refused.value.code, refused.value.field) == ("config_invalid", "tick_ms")


async def test_a_full_server_says_that_it_may_be_tried_later() -> None:
    async with (
        running_server(max_sessions=1) as server,
        Client(server.url) as client,
        client.session(consent=RECEIPT),
    ):
        with pytest.raises(RefusedError) as refused:
            async with client.session(consent=RECEIPT):
                pass
        assert (refused.value.code, refused.value.retryable) == ("overloaded", True)


async def test_a_server_without_keys_refuses_one() -> None:
    async with running_server() as server, Client(server.url, key="wrong") as client:
        with pytest.raises(RefusedError):
            async with client.session(consent=RECEIPT):
                pass


async def test_a_wrong_token_opens_no_feed() -> None:
    async with (
        running_server() as server,
        Client(server.url) as client,
        client.session(consent=RECEIPT) as session,
    ):
        with pytest.raises(RefusedError, match="token_invalid"):
            async with client.watch(session.credentials.feed_url, "wrong"):
                pass


async def test_a_server_that_is_not_there_is_unreachable() -> None:
    async with Client("http://127.0.0.1:9") as client:
        with pytest.raises(UnreachableError):
            async with client.session(consent=RECEIPT):
                pass
    with pytest.raises(ValueError, match="http"):
        Client("127.0.0.1:8000")


async def test_a_watcher_sees_the_states_of_a_session_and_does_not_end_it() -> None:
    async with (
        running_server() as server,
        Client(server.url) as client,
        client.session(consent=RECEIPT, tick_ms=100) as session,
    ):
        opened = session.credentials
        async with client.watch(opened.feed_url, opened.client_token) as watch:
            seen = await anext(watch.states())
        assert seen.session == session.id
        async for state in session.states():
            if state.seq > seen.seq:
                break


async def test_an_overlay_is_sent_to_those_who_ask_for_it() -> None:
    async with (
        running_server() as server,
        Client(server.url) as client,
        client.session(consent=RECEIPT, detail="overlay", modalities=["face"]) as session,
    ):
        await session.send_image(PORTRAIT)
        async with asyncio.timeout(30):
            async for message in session.messages():
                if isinstance(message, Overlay):
                    break
    assert message.box is not None
    # Six by six cells in the picture's own place, as the widget draws them.
    assert [len(row) for row in message.activation.cells] == [4] * 4
    left, top, right, *_ = message.activation.corners
    assert left < message.box[0] < message.box[0] + message.box[2] < right
    assert top < message.box[1]


async def test_what_is_too_big_is_refused_before_it_closes_the_feed() -> None:
    async with (
        running_server() as server,
        Client(server.url) as client,
        client.session(consent=RECEIPT) as session,
    ):
        with pytest.raises(RefusedError) as refused:
            await session.send_image(bytes(session.created.limits.max_image_bytes + 1))
        assert (refused.value.code, refused.value.field) == ("message_too_big", "payload")
        with pytest.raises(ValueError, match="rate"):
            await session.send_audio(b"\0\0", 12_345)


async def test_fast_pictures_and_text_are_paced_below_what_the_server_refuses() -> None:
    async with (
        running_server(analysed_fps=30.0) as server,
        Client(server.url) as client,
        client.session(consent=RECEIPT, tick_ms=100, modalities=["face", "text"]) as session,
    ):
        messages = []
        for number in range(20):
            await session.send_text(f"line {number}")
        async with asyncio.timeout(60):
            async for message in session.messages():
                messages.append(message)
                await session.send_image(PORTRAIT)
                if isinstance(message, State) and message.seq > 40:
                    break
        assert [message for message in messages if isinstance(message, Error)] == []
        assert not any(isinstance(message, Gap) for message in messages)


async def test_the_token_as_it_was_issued_is_spent_once_the_client_has_connected() -> None:
    async with running_server() as server, Client(server.url) as client:
        opened = await client.open(consent=RECEIPT)
        async with client.watch(opened.feed_url, opened.client_token), Client(server.url) as thief:
            with pytest.raises(RefusedError, match="token_invalid"):
                async with thief.watch(opened.feed_url, opened.client_token):
                    pass
