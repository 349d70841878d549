"""Rooms through the SDK: invitations, views, muting, everybody's states through lost sockets."""

import asyncio
from collections import defaultdict

import pytest
from msgspec.structs import replace

from esapr.client import Client, RefusedError, consent
from esapr.protocol.messages import Gap, State
from esapr.protocol.rooms import Aggregate, MemberMuted, MemberPaused, RoomEntered
from tests.client.cutting_proxy import cutting_proxy
from tests.serving import running_server

pytestmark = pytest.mark.real_time

RECEIPT = consent("test participant", text_version="2026-11", method="test")
KILLS = 6


async def test_a_clinician_sees_everybody_through_killed_sockets() -> None:
    async with (
        running_server() as server,
        cutting_proxy(server.url) as proxy,
        Client(server.url) as client,
        Client(proxy.url) as shaky,
        client.session(consent=RECEIPT, participant="ann", room="one", tick_ms=100) as ann,
        client.session(consent=RECEIPT, participant="ben", room="one", tick_ms=100) as ben,
    ):
        invitation = await client.invite(ann.credentials, "clinician")
        seen: dict[str, list[int]] = defaultdict(list)
        async with (
            shaky.watch(invitation.feed_url, invitation.token) as watch,
            asyncio.timeout(60),
        ):
            assert isinstance(watch.greeting, RoomEntered)
            assert watch.greeting.role == "clinician"
            async for message in watch.messages():
                assert not isinstance(message, Gap)
                if not isinstance(message, State):
                    continue
                seen[message.session].append(message.seq)
                if len(seen[ann.id]) > 4 * watch.connections and len(seen[ben.id]) > 1:
                    if watch.connections > KILLS:
                        break
                    proxy.cut()
        assert seen.keys() == {ann.id, ben.id}
        for seqs in seen.values():
            assert seqs == list(range(seqs[0], seqs[0] + len(seqs)))


async def test_an_observer_sees_the_mean_or_why_there_is_none() -> None:
    async with (
        running_server() as server,
        Client(server.url) as client,
        client.session(consent=RECEIPT, tick_ms=100) as session,
    ):
        invitation = await client.invite(session.credentials, "observer")
        async with (
            client.watch(invitation.feed_url, invitation.token) as watch,
            asyncio.timeout(30),
        ):
            async for message in watch.messages():
                if isinstance(message, Aggregate):
                    break
        assert isinstance(message, Aggregate)
        assert message.withheld
        assert message.withheld.reason == "too_few_people"


async def test_a_clinician_mutes_and_a_participant_unmutes() -> None:
    async with (
        running_server() as server,
        Client(server.url) as client,
        client.session(consent=RECEIPT, tick_ms=100) as session,
    ):
        invitation = await client.invite(session.credentials, "clinician")
        async with (
            client.watch(invitation.feed_url, invitation.token) as watch,
            asyncio.timeout(30),
        ):
            await watch.mute("face", session=session.id)
            async for state in session.states():
                if state.muted == ["face"]:
                    break
            await session.mute("face", muted=False)
            told: list[bool] = []
            async for message in watch.messages():
                if isinstance(message, MemberMuted):
                    told.append(message.muted)
                if len(told) == 2:
                    break
            assert told == [True, False]


async def test_a_session_is_paused_and_goes_on() -> None:
    async with (
        running_server() as server,
        Client(server.url) as client,
        client.session(consent=RECEIPT, tick_ms=100) as session,
        asyncio.timeout(30),
    ):
        await session.pause()
        async for state in session.states():
            if state.abstain and state.abstain.reason == "paused":
                break
        await session.resume_media()
        async for message in session.messages():
            if isinstance(message, MemberPaused) and not message.paused:
                break


async def test_only_who_opened_the_session_invites() -> None:
    async with (
        running_server() as server,
        Client(server.url) as client,
        client.session(consent=RECEIPT) as session,
    ):
        participant = await client.invite(session.credentials, "participant")
        guest = replace(session.credentials, client_token=participant.token)
        with pytest.raises(RefusedError, match="scope_missing"):
            await client.invite(guest, "clinician")
        with pytest.raises(RefusedError) as refused:
            await client.invite(session.credentials, "observer", scopes=["mute"])
        assert (refused.value.code, refused.value.field) == ("config_invalid", "scopes")
