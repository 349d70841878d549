"""A bad network for the peers of this process."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from functools import reduce
from operator import add
from random import Random

from esapr.load_tests.network.candidates import first_address, ip_version, with_address
from esapr.load_tests.network.crossing import Crossing
from esapr.load_tests.network.link import Counts
from esapr.load_tests.network.profiles import NetworkError, Profile
from esapr.load_tests.peer import Exchange
from esapr.protocol.requests import IceServer, SessionCredentials


class ImpairedNetwork:
    """The network of one profile; each exchange of SDP makes a way of its own through it."""

    def __init__(self, profile: Profile, seed: int) -> None:
        """Begin without a way; what is left to chance follows from ``seed``."""
        self._profile = profile
        self._random = Random(seed)
        self._crossings: list[Crossing] = []

    def exchange(self, exchange: Exchange) -> Exchange:
        """Return ``exchange`` with the relay between both sides' addresses.

        It serves offers and answers, and as well the fragments with which ICE is restarted. It
        raises :class:`NetworkError` if one of them has no UDP address, and what ``exchange``
        raises.
        """
        if not self._profile.impairs:
            return exchange

        async def through_the_relay(offer: str) -> str:
            peer = first_address(offer)
            crossing = Crossing(self._profile, self._random)
            await crossing.open(peer[0])
            self._crossings.append(crossing)
            answer = await exchange(with_address(offer, peer, crossing.for_server))
            server = first_address(answer, version=ip_version(peer[0]))
            crossing.join(peer, server)
            return with_address(answer, server, crossing.for_peer)

        return through_the_relay

    async def move(self) -> None:
        """Change the address from which the server is reached, for all peers at once."""
        for crossing in self._crossings:
            await crossing.move()

    @property
    def up(self) -> Counts:
        """What became of the peers' packets."""
        return reduce(add, (crossing.up for crossing in self._crossings), Counts())

    @property
    def down(self) -> Counts:
        """What became of the server's packets."""
        return reduce(add, (crossing.down for crossing in self._crossings), Counts())

    def close(self) -> None:
        """Close every way."""
        for crossing in self._crossings:
            crossing.close()


@asynccontextmanager
async def impaired(profile: Profile, seed: int) -> AsyncIterator[ImpairedNetwork]:
    """Impair the media of peers as ``profile`` says, until leaving."""
    net = ImpairedNetwork(profile, seed)
    try:
        yield net
    finally:
        net.close()


def relays_of(profile: Profile, credentials: SessionCredentials) -> Sequence[IceServer]:
    """Return the TURN servers that media of a session are to take, if ``profile`` has them do so.

    Raises:
        NetworkError: the server names none.
    """
    if not profile.relayed:
        return ()
    relays = [s for s in credentials.ice_servers if s.urls[0].startswith("turn")]
    if not relays:
        raise NetworkError(f"`network`: for {profile.name} the server must have `turn_urls`")
    return relays
