"""The way of one peer through the impairment relay: two UDP sockets, with a link each way."""

import asyncio
from asyncio import DatagramTransport
from collections.abc import Callable
from ipaddress import ip_address
from random import Random
from typing import cast

from esapr.load_tests.network.candidates import Address
from esapr.load_tests.network.link import Counts, Link
from esapr.load_tests.network.profiles import Profile

EARLY = 16
"""Packets that a socket keeps before it is known where they may come from; later ones are lost.

A server begins to check the peer's address while its answer is still on the way.
"""


class _Socket(asyncio.DatagramProtocol):
    """Hands on what comes to one socket from one address; what others send is nothing of ours."""

    def __init__(self, receive: Callable[[bytes], None]) -> None:
        self._other: Address | None = None
        self._early: list[tuple[bytes, Address]] = []
        self._receive = receive
        self._transport: DatagramTransport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        # In Python 3.11 asyncio's own class does not derive from it.
        self._transport = cast(DatagramTransport, transport)

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        if self._other is None:
            if len(self._early) < EARLY:
                self._early.append((data, addr[:2]))
        elif addr[:2] == self._other:
            self._receive(data)

    def join(self, other: Address) -> None:
        """Let packets come from ``other``, and go to it."""
        self._other = other
        for data, address in self._early:
            self.datagram_received(data, address)
        self._early.clear()

    @property
    def address(self) -> Address:
        assert self._transport is not None
        host, port = self._transport.get_extra_info("sockname")[:2]
        return host, port

    def send(self, data: bytes) -> None:
        if self._other is not None and self._transport is not None:
            self._transport.sendto(data, self._other)

    def close(self) -> None:
        assert self._transport is not None
        self._transport.close()


class _Way:
    """One direction: a link, and the timer that wakes it up when its next packet is due."""

    def __init__(self, link: Link, send: Callable[[bytes], None]) -> None:
        self.link = link
        self._send = send
        self._loop = asyncio.get_running_loop()
        self._timer: asyncio.TimerHandle | None = None

    def put(self, packet: bytes) -> None:
        self.link.put(packet, self._loop.time())
        self._deliver()

    def close(self) -> None:
        if self._timer is not None:
            self._timer.cancel()

    def _deliver(self) -> None:
        for packet in self.link.take(self._loop.time()):
            self._send(packet)
        if self._timer is not None:
            self._timer.cancel()
        due = self.link.next_due
        self._timer = None if due is None else self._loop.call_at(due, self._deliver)


class Crossing:
    """The relay of one peer: whatever comes from the peer goes to the server, and back."""

    def __init__(self, profile: Profile, random: Random) -> None:
        """Prepare both directions; :meth:`open` makes the sockets."""
        # Of each direction the same packets are lost, whatever the other one carries meanwhile.
        up, down = Random(random.random()), Random(random.random())
        self._up = _Way(Link(profile.up, up), self._to_server)
        self._down = _Way(Link(profile.down, down), self._to_peer)

    async def open(self, host: str) -> None:
        """Bind one socket for each side on ``host``.

        Raises:
            OSError: it is no address of this machine.
        """
        self._inner = await self._bind(self._up, host)
        self._outer = await self._bind(self._down, host)

    def join(self, peer: Address, server: Address) -> None:
        """Let packets of these two cross, from now on."""
        self._server = server
        self._inner.join(peer)
        self._outer.join(server)

    async def move(self) -> None:
        """Reach the server from another address, or port where loopback is not the way.

        What comes to the old one is lost, as behind a translator that has forgotten it.
        """
        moved = await self._bind(self._down, _next_host(self._outer.address[0]))
        moved.join(self._server)
        old, self._outer = self._outer, moved
        old.close()

    @property
    def for_peer(self) -> Address:
        """What the peer takes for the server."""
        return self._inner.address

    @property
    def for_server(self) -> Address:
        """What the server takes for the peer."""
        return self._outer.address

    @property
    def up(self) -> Counts:
        """What became of the peer's packets."""
        return self._up.link.counts

    @property
    def down(self) -> Counts:
        """What became of the server's packets."""
        return self._down.link.counts

    def close(self) -> None:
        """Forget what is on the way and close both sockets."""
        for way in (self._up, self._down):
            way.close()
        for side in (self._inner, self._outer):
            side.close()

    # The server's side is another socket after a move.
    def _to_server(self, packet: bytes) -> None:
        self._outer.send(packet)

    def _to_peer(self, packet: bytes) -> None:
        self._inner.send(packet)

    async def _bind(self, way: _Way, host: str) -> _Socket:
        loop = asyncio.get_running_loop()
        _, side = await loop.create_datagram_endpoint(
            lambda: _Socket(way.put), local_addr=(host, 0)
        )
        return side


def _next_host(host: str) -> str:
    """Return the address after ``host`` in 127.0.0.0/8, all of which is there; others stay."""
    address = ip_address(host)
    return str(address + 1) if address.is_loopback and address.version == 4 else host
