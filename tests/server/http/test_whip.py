"""WHIP (RFC 9725) beyond the first offer: headers, trickle ICE, ICE restarts, refusals."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass

import aiohttp
import msgspec
import pytest
from aioice import Connection
from yarl import URL

from esapr.load_tests import PORTRAIT
from esapr.load_tests.gateway import Gateway
from esapr.load_tests.media import encode_clip
from esapr.load_tests.peer import Peer
from esapr.load_tests.subscriber import Subscriber
from esapr.protocol import limits
from esapr.protocol.codec import Format
from esapr.protocol.messages import State, Warning
from esapr.protocol.requests import SessionCredentials, SessionRequest
from esapr.server.media.fragment import Credentials, format_fragment, parse_fragment
from esapr.server.media.ice import LOOPBACK, gather_on
from tests.serving import CONSENT, running_server

pytestmark = pytest.mark.real_time

SDP = {"Content-Type": "application/sdp"}
FRAGMENT = {"Content-Type": "application/trickle-ice-sdpfrag"}
STRANGER = Credentials("abcd", "a" * 22)


@dataclass(frozen=True)
class Client:
    """A session of a server, and what it answered to the offer."""

    http: aiohttp.ClientSession
    gateway: Gateway
    credentials: SessionCredentials

    @property
    def bearer(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.credentials.client_token}"}

    async def call(
        self, method: str, url: str, body: str = "", **headers: str
    ) -> aiohttp.ClientResponse:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        response = await self.http.request(
            method, url, data=body.encode(), headers={**self.bearer, **named}
        )
        await response.read()
        return response


@asynccontextmanager
async def client(**settings: object) -> AsyncIterator[Client]:
    async with running_server(**settings) as server, aiohttp.ClientSession(server.url) as http:
        gateway = Gateway(http, URL(server.url))
        request = msgspec.convert({"consent": CONSENT, "tick_ms": 250}, SessionRequest)
        async with gateway.session(request) as credentials:
            yield Client(http, gateway, credentials)


@dataclass(frozen=True)
class Push:
    """A peer that plays into the session, by what the answer to its offer said."""

    client: Client
    peer: Peer
    feed: Subscriber
    created: aiohttp.ClientResponse
    offer: str

    async def patch(self, fragment: str, etag: str | None = None) -> aiohttp.ClientResponse:
        tags = {"If_Match": etag} if etag else {}
        return await self.client.call(
            "PATCH", self.created.headers["Location"], fragment, **FRAGMENT, **tags
        )

    async def next_face(self, after: int) -> int:
        """Return the number of the first state beyond ``after`` that has seen a new picture."""
        async with asyncio.timeout(30):
            async for message in self.feed:
                assert not (isinstance(message, Warning) and message.code == "video_ended")
                if (
                    isinstance(message, State)
                    and message.seq > after
                    and message.modalities.face
                    and message.modalities.face.age_ms < 500
                ):
                    return message.seq
        raise AssertionError("the feed has ended")


@asynccontextmanager
async def push(
    *,
    trickle: bool = False,
    before: Callable[[Client, str], Awaitable[None]] | None = None,
    **settings: object,
) -> AsyncIterator[Push]:
    """Play the portrait; ``before`` may do other things with the offer.

    With ``trickle`` the server gets the peer's candidates late, and the peer never gets the
    server's: only checks to those late candidates can connect them.
    """
    answers: list[tuple[aiohttp.ClientResponse, str]] = []
    async with (
        client(**settings) as one,
        one.gateway.subscribe(one.credentials, Format.JSON) as feed,
        Peer(encode_clip(PORTRAIT), loopback=True) as peer,
    ):

        async def exchange(offer: str) -> str:
            if before:
                await before(one, offer)
            sent = without_candidates(offer) if trickle else offer
            response = await one.call("POST", one.credentials.whip_url, sent, **SDP)
            assert response.status == 201, await response.text()
            answers.append((response, offer))
            if trickle:
                lines = [line for line in offer.splitlines() if "candidate" in line]
                fragment = "".join(f"{line}\r\n" for line in lines)
                late = await Push(one, peer, feed, response, offer).patch(
                    fragment, response.headers["ETag"]
                )
                assert (late.status, "ETag" in late.headers) == (204, False)
                return without_candidates(await response.text())
            return await response.text()

        await peer.connect(exchange)
        yield Push(one, peer, feed, *answers[0])


def without_candidates(sdp: str) -> str:
    return "".join(f"{line}\r\n" for line in sdp.splitlines() if "candidate" not in line)


async def code_of(response: aiohttp.ClientResponse) -> tuple[int, str]:
    return response.status, (await response.json())["error"]["code"]


async def test_an_answer_names_the_whip_session_and_its_ice_session() -> None:
    async with push() as pushed:
        headers = pushed.created.headers
        assert headers["Location"].startswith(pushed.client.credentials.whip_url + "/")
        assert headers["ETag"].startswith('"')
        assert headers["Content-Type"].startswith("application/sdp")
        assert "Link" not in headers
        # A client may be able to be the DTLS client only (RFC 9725, section 4.4.4).
        assert "a=setup:passive" in await pushed.created.text()


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
        answer = parse_fragment(await restarted.text())
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


async def test_a_fragment_needs_the_entity_tag_of_its_ice_session() -> None:
    async with push() as pushed:
        fragment = "a=end-of-candidates\r\n"
        etag = pushed.created.headers["ETag"]
        assert await code_of(await pushed.patch(fragment)) == (428, "etag_required")
        assert await code_of(await pushed.patch(fragment, '"other"')) == (412, "etag_mismatch")
        assert await code_of(await pushed.patch(fragment, f"W/{etag}")) == (412, "etag_mismatch")
        restart = format_fragment(STRANGER, "video", "0", [])
        assert await code_of(await pushed.patch(restart, etag)) == (412, "etag_mismatch")
        assert (await pushed.patch(fragment, etag)).status == 204
        assert (await pushed.patch(fragment, f'"older", {etag}')).status == 204


async def test_bad_fragments_are_refused_and_useless_candidates_are_ignored() -> None:
    async with push(trickle=True) as pushed:
        etag = pushed.created.headers["ETag"]
        for malformed in ("", "nonsense", "a=candidate:1 1 udp\r\n", "a=ice-ufrag:abcd\r\n"):
            assert await code_of(await pushed.patch(malformed, etag)) == (400, "sdp_invalid")
        location = pushed.created.headers["Location"]
        wrong = await pushed.client.call("PATCH", location, "a=x", **SDP, If_Match=etag)
        assert await code_of(wrong) == (415, "media_unsupported")
        big = "a=" + "x" * limits.MAX_SDP_BYTES
        assert await code_of(await pushed.patch(big, etag)) == (413, "message_too_big")
        host = "a=candidate:1 1 tcp 1 192.0.2.1 9 typ host tcptype active\r\n"
        name = "a=candidate:1 1 udp 1 0b9ad2c0.local 9 typ host\r\n"
        assert (await pushed.patch(host + name, etag)).status == 204


async def test_more_candidates_than_the_limit_are_refused() -> None:
    candidates = "".join(
        f"a=candidate:1 1 udp 1 192.0.2.1 {port} typ host\r\n"
        for port in range(1, limits.MAX_ICE_CANDIDATES + 2)
    )

    async def flood(one: Client, offer: str) -> None:
        flooded = without_candidates(offer) + candidates
        response = await one.call("POST", one.credentials.whip_url, flooded, **SDP)
        assert await code_of(response) == (422, "too_many_candidates")

    async with push(before=flood) as pushed:
        late = await pushed.patch(candidates, pushed.created.headers["ETag"])
        assert await code_of(late) == (422, "too_many_candidates")


async def test_what_is_not_connected_cannot_be_restarted() -> None:
    async def restart_early(one: Client, offer: str) -> None:
        created = await one.call("POST", one.credentials.whip_url, offer, **SDP)
        restart = format_fragment(STRANGER, "video", "0", [])
        refused = await one.call(
            "PATCH", created.headers["Location"], restart, **FRAGMENT, If_Match="*"
        )
        assert await code_of(refused) == (409, "ice_not_connected")

    async with push(before=restart_early) as pushed:
        assert await pushed.next_face(after=-1) >= 0


async def test_a_whip_session_is_gone_after_delete() -> None:
    async with push() as pushed:
        location = pushed.created.headers["Location"]
        etag = pushed.created.headers["ETag"]
        deleted = await pushed.client.call("DELETE", location, If_Match='"ignored"')
        assert deleted.status == 200
        gone = await pushed.patch("a=end-of-candidates\r\n", etag)
        assert await code_of(gone) == (404, "not_found")
        again = await pushed.client.call("DELETE", location)
        assert await code_of(again) == (404, "not_found")


async def test_methods_that_the_rfc_reserves_are_not_allowed() -> None:
    async with client() as one:
        endpoint = one.credentials.whip_url
        for url, methods in ((endpoint, "GET PUT PATCH DELETE"), (f"{endpoint}/x", "GET PUT POST")):
            for method in methods.split():
                response = await one.call(method, url)
                assert await code_of(response) == (405, "method_not_allowed")
                assert "OPTIONS" in response.headers["Allow"]
            assert (await one.call("HEAD", url)).status == 405


async def test_options_say_what_is_taken_without_a_token() -> None:
    async with client(allowed_origins=("https://clinic.example",)) as one:
        endpoint = one.credentials.whip_url
        preflight = {"Origin": "https://clinic.example", "Access-Control-Request-Method": "POST"}
        offers = await one.http.options(endpoint, headers=preflight)
        assert (offers.status, offers.headers["Accept-Post"]) == (200, "application/sdp")
        assert offers.headers["Access-Control-Allow-Origin"] == "https://clinic.example"
        assert "POST" in offers.headers["Access-Control-Allow-Methods"]
        assert "If-Match" in offers.headers["Access-Control-Allow-Headers"]
        session = await one.http.options(f"{endpoint}/any")
        assert session.headers["Accept-Patch"] == FRAGMENT["Content-Type"]
        assert "Access-Control-Allow-Origin" not in session.headers

        allowed = await one.http.post(endpoint, headers={"Origin": "https://clinic.example"})
        assert {"Location", "ETag", "Link"} <= set(
            allowed.headers["Access-Control-Expose-Headers"].split(", ")
        )
        other = await one.http.options(endpoint, headers={"Origin": "https://else.example"})
        assert "Access-Control-Allow-Origin" not in other.headers
        assert other.headers["Vary"] == "Origin"


async def test_offers_that_cannot_be_taken_whole_are_not_acceptable() -> None:
    async def offer_in_part(one: Client, offer: str) -> None:
        for changed in (
            offer.replace("VP8/90000", "XYZ/90000").replace("rtx/90000", "XYZ/90000"),
            offer.replace("a=group:BUNDLE", "a=group:LS"),
        ):
            response = await one.call("POST", one.credentials.whip_url, changed, **SDP)
            assert await code_of(response) == (406, "sdp_unacceptable")

    async with push(before=offer_in_part):
        pass
