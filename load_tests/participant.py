"""One participant: a session, its feed and a peer that plays a clip into it."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime

from msgspec import UNSET, UnsetType

from esapr.load_tests.gateway import Gateway
from esapr.load_tests.media import EncodedClip
from esapr.load_tests.peer import Peer
from esapr.load_tests.subscriber import Subscriber
from esapr.protocol.codec import Format
from esapr.protocol.messages import Text
from esapr.protocol.requests import Consent, SessionCredentials, SessionRequest


@dataclass(frozen=True, slots=True)
class Participant:
    """A participant whose media flows; ``feed`` brings what the server says about it."""

    credentials: SessionCredentials
    peer: Peer
    feed: Subscriber

    async def say(self, body: str) -> None:
        """Send a line of chat over the peer's data channel."""
        await self.peer.send(Text(body=body))


@asynccontextmanager
async def play(
    gateway: Gateway,
    clip: EncodedClip,
    *,
    name: str,
    form: Format = Format.JSON,
    room: str | UnsetType = UNSET,
) -> AsyncIterator[Participant]:
    """Open a session for ``name`` and play ``clip`` into it, over and over, until leaving.

    Without ``room`` the session has one of its own.

    Raises:
        RefusedError: the server refused the session or the media.
        PeerError: no peer connection came about.
        aiohttp.ClientError: the server cannot be reached.
    """
    consent = Consent(
        subject=name,
        text_version=(await gateway.notice()).version,
        given_at=datetime.now(UTC),
        method="test",
    )
    request = SessionRequest(consent=consent, participant=name, room=room)
    async with (
        gateway.session(request) as credentials,
        gateway.subscribe(credentials, form) as feed,
        gateway.push(credentials) as exchange,
        Peer(clip, loopback=gateway.loopback) as peer,
    ):
        await peer.connect(exchange)
        yield Participant(credentials, peer, feed)
