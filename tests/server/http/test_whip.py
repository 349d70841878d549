"""WHIP (RFC 9725): what an answer carries, trickle ICE, ICE restarts, and the end."""

import asyncio

import pytest
from aioice import Connection

from esapr.protocol.rooms import TokenRequest
from esapr.server.media.fragment import Credentials, format_fragment, parse_fragment
from esapr.server.media.ice import LOOPBACK, gather_on
from esapr.server.media.reach import Reach
from tests.server.http.whip_client import FRAGMENT, STRANGER, Client, code_of, push

pytestmark = pytest.mark.real_time


async def test_an_answer_names_the_whip_session_and_its_ice_session() -> None:
    async with push() as pushed:
        headers = pushed.created.headers
        assert headers["Location"].startswith(pushed.client.credentials.whip_url + "/")
        assert headers["ETag"].startswith('"')
        assert headers["Content-Type"].startswith("application/sdp")
        assert "Link" not in headers
        answer = (await pushed.created.text()).splitlines()
        sections = sum(line.startswith("m=") for line in answer)
        # A client may be able to be the DTLS client only (RFC 9725, section 4.4.4).
        assert answer.count("a=setup:passive") == sections
        assert answer.count("a=rtcp-mux-only") == answer.count("a=recvonly") == 2


async def test_an_answer_names_the_ice_servers() -> None:
    turn = {"turn_urls": ("turn:turn.example.net",), "turn_secret": "secret"}
    async with push(stun_urls=("stun:stun.example.net",), **turn) as pushed:
        stun, relay = pushed.created.headers.getall("Link")
        assert stun == '<stun:stun.example.net>; rel="ice-server"'
        assert relay.startswith('<turn:turn.example.net>; rel="ice-server"; username="')
        assert pushed.client.credentials.session_id in relay


async def test_candidates_that_come_later_connect_a_peer_that_had_none() -> None:
    async with push(trickle=True) as pushed:
        assert await pushed.next_face(after=-1) >= 0


async def test_media_goes_on_over_a_new_path_after_an_ice_restart() -> None:
    async with push() as pushed:
        before = await pushed.next_face(after=-1)
        transport = pushed.peer._transport
        old = transport._connection
        new = Connection(ice_controlling=True)
        gather_on(new, LOOPBACK)
        await new.gather_candidates()
        # What comes over the new path belongs to the same DTLS association.
        new._queue, old._queue = old._queue, asyncio.Queue()

        mine = Credentials(new.local_username, new.local_password)
        offer = format_fragment(mine, "video", "0", new.local_candidates)
        restarted = await pushed.patch(offer, "*")

        assert restarted.status == 200
        assert restarted.content_type == FRAGMENT["Content-Type"]
        assert restarted.headers["ETag"] != pushed.created.headers["ETag"]
        answer = parse_fragment(await restarted.text(), Reach(anywhere=True))
        assert answer.credentials
        assert answer.candidates
        new.remote_username = answer.credentials.ufrag
        new.remote_password = answer.credentials.password
        for candidate in (*answer.candidates, None):
            await new.add_remote_candidate(candidate)
        await new.connect()
        transport._connection, transport._recv, transport._send = new, new.recv, new.send
        await old.close()

        first = await pushed.next_face(after=before)
        assert await pushed.next_face(after=first + 4) > before
        stale = await pushed.patch("a=end-of-candidates\r\n", pushed.created.headers["ETag"])
        assert await code_of(stale) == (412, "etag_mismatch")
        current = await pushed.patch("a=end-of-candidates\r\n", restarted.headers["ETag"])
        assert current.status == 204


async def test_a_restart_that_never_connects_leaves_the_media_flowing() -> None:
    async with push() as pushed:
        before = await pushed.next_face(after=-1)
        nowhere = format_fragment(STRANGER, "video", "0", [])

        assert (await pushed.patch(nowhere, "*")).status == 200
        assert (await pushed.patch(nowhere.replace("abcd", "efgh"), "*")).status == 200

        assert await pushed.next_face(after=before + 4) > before


async def media_of(session: Client, token: str) -> str:
    path = f"/v1/sessions/{session.credentials.session_id}"
    info = await session.call("GET", path, Authorization=f"Bearer {token}")
    return str((await info.json())["media"])


async def test_the_media_that_came_with_a_token_stop_when_it_is_revoked() -> None:
    async with push() as pushed:
        await pushed.next_face(after=-1)
        session, wanted = pushed.client, TokenRequest("participant")
        path = f"/v1/sessions/{session.credentials.session_id}"
        other, stays = [await session.gateway.token(session.credentials, wanted) for _ in range(2)]
        for revoked, left in ((other.token_id, "webrtc"), (session.credentials.token_id, "none")):
            assert (await session.call("DELETE", f"{path}/tokens/{revoked}")).status == 204
            assert await media_of(session, stays.token) == left
        ended = await session.call("DELETE", path, Authorization=f"Bearer {stays.token}")
        assert ended.status == 204
