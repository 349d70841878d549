"""A WHIP client for tests: it says what it is told to, and keeps what the server answers."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass

import aiohttp
import msgspec
from yarl import URL

from esapr.load_tests import PORTRAIT
from esapr.load_tests.gateway import Gateway
from esapr.load_tests.media import encode_clip
from esapr.load_tests.peer import Peer
from esapr.load_tests.subscriber import Subscriber
from esapr.protocol.codec import Format
from esapr.protocol.messages import State, Warning
from esapr.protocol.requests import SessionCredentials, SessionRequest
from esapr.server.media.fragment import Credentials
from tests.serving import CONSENT, running_server

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
