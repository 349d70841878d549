"""The relay between two UDP sockets, and between a real peer and a real server."""

import asyncio
import math
import re
from pathlib import Path

import pytest

from esapr.load_tests.network import NetworkError, impaired, profile
from esapr.load_tests.network.candidates import first_address, with_address
from esapr.load_tests.network.conditions import Conditions, Loss
from esapr.load_tests.network.profiles import PROFILES, Profile

OFFER = (
    "v=0\r\nm=audio 5000 UDP/TLS/RTP/SAVPF 96\r\na=mid:0\r\n"
    "a=candidate:1 1 udp 2130706431 {name} 5000 typ host\r\n"
    "a=candidate:2 1 udp 2130706430 {host} {port} typ host\r\n"
    "a=candidate:3 1 tcp 1 {host} 9 typ host tcptype active\r\n"
    "a=end-of-candidates\r\n"
)
NAME = "5a7b.local"


class End(asyncio.DatagramProtocol):
    """One end of a path: keeps what comes, and from where."""

    def __init__(self) -> None:
        self.received: asyncio.Queue[tuple[bytes, tuple[str, int]]] = asyncio.Queue()

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        self.received.put_nowait((data, addr))

    async def next(self) -> tuple[bytes, tuple[str, int]]:
        async with asyncio.timeout(20):
            return await self.received.get()


async def end() -> tuple[asyncio.DatagramTransport, End, str]:
    """Return a socket on loopback, what it receives, and an SDP that offers it."""
    loop = asyncio.get_running_loop()
    transport, protocol = await loop.create_datagram_endpoint(End, local_addr=("127.0.0.1", 0))
    host, port = transport.get_extra_info("sockname")
    return transport, protocol, OFFER.format(name=NAME, host=host, port=port)


def test_an_address_takes_the_place_of_another_and_of_all_others() -> None:
    offer = OFFER.format(name=NAME, host="192.0.2.1", port=6000)

    assert first_address(offer) == ("192.0.2.1", 6000)
    rewritten = with_address(offer, ("192.0.2.1", 6000), ("127.0.0.1", 7000))

    assert re.findall("candidate:.*", rewritten) == [
        "candidate:2 1 udp 2130706430 127.0.0.1 7000 typ host\r"
    ]
    assert rewritten.replace("127.0.0.1 7000", "192.0.2.1 6000") == "".join(
        line for line in offer.splitlines(keepends=True) if NAME not in line and " tcp " not in line
    )


def test_an_offer_without_a_usable_address_is_refused() -> None:
    with pytest.raises(NetworkError, match="no UDP address"):
        first_address("v=0\r\na=candidate:1 1 udp 1 some.local 9 typ host\r\n")
    with pytest.raises(NetworkError, match="no UDP address"):
        first_address(OFFER.format(name=NAME, host="127.0.0.1", port=9), version=6)


def test_a_profile_that_is_not_there_is_refused_by_name() -> None:
    with pytest.raises(NetworkError, match=r"`network`.*'5g'.*lossy-10"):
        profile("5g")


def test_every_profile_is_found_under_its_name() -> None:
    assert {name: profile(name).name for name in PROFILES} == {name: name for name in PROFILES}
    assert profile("lossy-5").up.loss.share == pytest.approx(0.05)
    assert profile("wifi").up.loss.share == pytest.approx(0.01)
    assert not profile("clean").impairs


def test_every_profile_is_described() -> None:
    page = Path(__file__).parents[3] / "docs" / "how-to" / "measure-load.md"

    listed = re.findall(r"^\| `([a-z0-9-]+)` \| ", page.read_text("utf-8"), re.MULTILINE)

    assert [name for name in listed if name in PROFILES] == list(PROFILES)


@pytest.mark.real_time
async def test_packets_cross_the_relay_both_ways_and_leave_it_from_its_own_addresses() -> None:
    peer, at_peer, offer = await end()
    server, at_server, answer = await end()
    stranger, _, _ = await end()
    path = Conditions(delay_ms=1)

    async def exchange(seen: str) -> str:
        offers.append(seen)
        return answer

    offers: list[str] = []
    async with impaired(Profile("test", "", path, path), seed=1) as net:
        rewritten = await net.exchange(exchange)(offer)
        for_peer, for_server = first_address(rewritten), first_address(offers[0])
        assert for_peer != first_address(answer)
        assert for_server != first_address(offer)
        stranger.sendto(b"let me in", for_peer)
        stranger.sendto(b"let me in", for_server)
        peer.sendto(b"up", for_peer)
        assert await at_server.next() == (b"up", for_server)
        server.sendto(b"down", for_server)
        assert await at_peer.next() == (b"down", for_peer)

        await net.move()
        peer.sendto(b"from elsewhere", for_peer)
        data, moved = await at_server.next()
        assert (data, moved[0]) == (b"from elsewhere", "127.0.0.2")
        server.sendto(b"too late", for_server)
        server.sendto(b"followed", moved)
        assert await at_peer.next() == (b"followed", for_peer)
    assert (net.up.delivered, net.down.delivered) == (2, 2)
    for transport in (peer, server, stranger):
        transport.close()


@pytest.mark.real_time
async def test_a_clean_network_has_no_relay() -> None:
    async def exchange(offer: str) -> str:
        return offer

    async with impaired(profile("clean"), seed=1) as net:
        assert net.exchange(exchange) is exchange


@pytest.mark.real_time
async def test_the_relay_loses_what_its_profile_says() -> None:
    """Counted at the two ends, not by the relay; 3000 packets, four standard errors."""
    peer, _, offer = await end()
    server, at_server, answer = await end()
    sent, lossy = 3000, Conditions(loss=Loss.even(0.10))

    async def exchange(_: str) -> str:
        return answer

    async with impaired(Profile("test", "", lossy, Conditions(delay_ms=1)), seed=3) as net:
        for_peer = first_address(await net.exchange(exchange)(offer))
        for number in range(sent):
            peer.sendto(number.to_bytes(4, "big"), for_peer)
            # Nothing is sent before the relay has read what was: no socket's buffer overflows.
            while net.up.offered <= number:  # noqa: ASYNC110 - no event says so
                await asyncio.sleep(0)
        while at_server.received.qsize() < net.up.delivered:  # noqa: ASYNC110
            await asyncio.sleep(0)
    share = 1 - at_server.received.qsize() / sent
    assert share == pytest.approx(0.10, abs=4 * math.sqrt(0.1 * 0.9 / sent))
    for transport in (peer, server):
        transport.close()
