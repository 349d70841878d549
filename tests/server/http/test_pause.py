"""A session that is paused: what is ignored meanwhile, who is told, and how it goes on."""

import aiohttp
import pytest

from esapr.protocol.binary import Kind, Media, encode_media
from tests.server.http.test_rooms import Json, Socket, enter, receive, server
from tests.server.media.encoded import picture, portrait

pytestmark = pytest.mark.real_time

JPEG = picture(portrait(), "JPEG")


async def show(socket: Socket, t_ms: int) -> None:
    await socket.send_bytes(encode_media(Media(Kind.IMAGE, t_ms, JPEG)))


async def shown_face(socket: Socket) -> Json:
    """Send pictures until a state shows a face."""
    while True:
        state = await receive(socket, "state")
        if "face" in state["modalities"]:
            return state
        await show(socket, state["t_end_ms"])


async def metric(http: aiohttp.ClientSession, line: str) -> bool:
    async with http.get("/metrics") as answer:
        return line in (await answer.text()).splitlines()


async def test_a_paused_session_ignores_media_and_goes_on_where_it_was() -> None:
    async with server() as http:
        ann = await enter(http, "ann", modalities=["face", "text"], smoothing_ms=300)
        async with ann.feed() as own, ann.watch("clinician") as (watcher, _):
            seen = await shown_face(own)
            await own.send_json({"type": "pause"})
            for each in (own, watcher):
                assert (await receive(each, "member.paused"))["paused"] is True
            paused = await receive(own, "state")
            assert paused["abstain"] == {"reason": "paused"}
            assert (paused["fused"], paused["modalities"]) == (None, {})

            for _ in range(3):
                await show(own, (await receive(own, "state"))["t_end_ms"])
            await own.send_json({"type": "text", "body": "is anybody there?"})
            assert (await receive(own, "error"))["code"] == "paused"
            while (state := await receive(own, "state"))["dropped"]["frames"] < 3:
                assert state["modalities"] == {}
            assert state["level"] == "full"
            assert await metric(http, 'esapr_dropped_total{reason="paused",stage="face"} 3.0')

            await own.send_json({"type": "resume_media"})
            for each in (own, watcher):
                assert (await receive(each, "member.paused"))["paused"] is False
            after = await shown_face(own)
            assert after["fused"]["label"] == seen["fused"]["label"]
            assert after["dropped"]["frames"] >= 3


async def test_every_state_of_a_pause_has_its_number_and_its_time() -> None:
    async with server() as http:
        ann = await enter(http, "ann")
        async with ann.feed() as own:
            states = [await receive(own, "state")]
            for kind in ("pause", "resume_media"):
                await own.send_json({"type": kind})
                states += [await receive(own, "state") for _ in range(4)]
            first = states[0]
            for index, state in enumerate(states):
                assert state["seq"] == first["seq"] + index
                assert state["t_start_ms"] == first["t_start_ms"] + 100 * index
            reasons = [state["abstain"]["reason"] for state in states]
            assert "paused" in reasons
            assert reasons[-1] == "warming_up"


async def test_who_comes_later_learns_who_has_paused_and_the_next_socket_goes_on() -> None:
    async with server() as http:
        ann = await enter(http, "ann")
        async with ann.feed() as own:
            await own.send_json({"type": "pause"})
            await receive(own, "member.paused")
            last_seq = (await receive(own, "state"))["seq"]
        async with ann.watch("clinician") as (_, entered):
            assert [member["paused"] for member in entered["members"]] == [True]
        async with ann.feed(resume={"last_seq": last_seq}) as own:
            assert (await receive(own, "state"))["abstain"] == {"reason": "paused"}
            # A pause within a pause is none.
            await own.send_json({"type": "pause"})
            await own.send_json({"type": "resume_media"})
            assert (await receive(own, "member.paused"))["paused"] is False


async def test_only_who_may_control_the_session_pauses_it() -> None:
    async with server() as http:
        ann = await enter(http, "ann")
        token = (await ann.token("participant", scopes=["feed", "text"]))["token"]
        guest = type(ann)(http, ann.credentials | {"client_token": token})
        async with guest.feed() as socket, ann.watch("clinician") as (room, _):
            await socket.send_json({"type": "pause"})
            assert (await receive(socket, "error"))["code"] == "scope_missing"
            await room.send_json({"type": "pause"})
            assert (await receive(room, "error"))["code"] == "bad_message"
