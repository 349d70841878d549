"""Muting a modality: who may, what it does to the states, and how everybody learns of it."""

import pytest

from tests.server.http.test_rooms import enter, receive, say_something_happy, server

pytestmark = pytest.mark.real_time


async def test_a_clinician_mutes_and_unmutes_a_modality_of_one_person() -> None:
    async with server() as http:
        ann = await enter(http, "ann", modalities=["text"])
        await enter(http, "bob")
        await say_something_happy(ann)
        async with ann.watch("clinician") as (socket, _), ann.feed() as own:
            mute = {"type": "mute", "session": ann.id, "modality": "text", "muted": True}
            await socket.send_json(mute)
            for each in (socket, own):
                assert (await receive(each, "member.muted"))["muted"] is True
            state = await receive(own, "state")
            assert state["muted"] == ["text"]
            assert state["abstain"] == {"reason": "muted"}
            assert state["modalities"] == {}
            await own.send_json({"type": "text", "body": "can you hear me?"})
            assert (await receive(own, "error"))["code"] == "muted"
            async with ann.watch("clinician") as (_, entered):
                muted = {m["participant"]: m["muted"] for m in entered["members"]}
                assert muted == {"ann": ["text"], "bob": []}
            await socket.send_json(mute | {"muted": False})
            assert (await receive(own, "member.muted"))["muted"] is False
            await own.send_json({"type": "text", "body": "what a wonderful day!"})
            while (state := await receive(own, "state"))["fused"] is None:
                pass
            assert state["muted"] == []


async def test_people_mute_themselves_and_nobody_else() -> None:
    async with server() as http:
        ann, bob = await enter(http, "ann"), await enter(http, "bob")
        async with ann.feed() as own, ann.watch("participant") as (room, _):
            await own.send_json({"type": "mute", "modality": "face", "muted": True})
            assert (await receive(own, "member.muted"))["session"] == ann.id
            assert (await receive(own, "state"))["muted"] == ["face"]
            for socket in (own, room):
                await socket.send_json(
                    {"type": "mute", "modality": "face", "muted": True, "session": bob.id}
                )
                error = await receive(socket, "error")
                assert (error["code"], error["field"]) == ("config_invalid", "session")


async def test_a_supervisor_may_not_mute() -> None:
    async with server() as http:
        ann = await enter(http, "ann")
        async with ann.watch("supervisor") as (socket, _):
            await socket.send_json(
                {"type": "mute", "session": ann.id, "modality": "text", "muted": True}
            )
            assert (await receive(socket, "error"))["code"] == "scope_missing"
