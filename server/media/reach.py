"""Where connectivity checks may be sent: a client names the addresses. No asyncio, no I/O.

Each check is a UDP packet to an address and port of the client's choice, up to seven times
(RFC 8445, section 19.5.1), and whether media begins to flow tells the client who answered. Without
bounds a server on the edge of a private network would be a way to look around in it.
"""

from collections.abc import Iterable
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network

_NAT64 = IPv6Network("64:ff9b::/96")


class Reach:
    """Which addresses of clients are taken."""

    def __init__(self, private: Iterable[str] = (), *, anywhere: bool = False) -> None:
        """Take public addresses, and those of the networks ``private``, written as in CIDR.

        ``anywhere`` takes all: a server on a loopback address has no way to other machines.

        Raises:
            ValueError: a network is malformed.
        """
        self._networks = [ip_network(network) for network in private]
        self._anywhere = anywhere

    def includes(self, host: str) -> bool:
        """Whether ``host`` is an address, no name, that checks may be sent to."""
        try:
            address = ip_address(host)
        except ValueError:
            return False
        return self._anywhere or self._takes(address)

    def _takes(self, address: Address) -> bool:
        inner = _embedded(address)
        if inner is not None:
            return self._takes(inner)
        if (
            address.is_loopback
            or address.is_link_local
            or address.is_multicast
            or address.is_reserved
            or address.is_unspecified
        ):
            return False
        return address.is_global or any(address in network for network in self._networks)


def _embedded(address: Address) -> IPv4Address | None:
    """Return the IPv4 address that packets to ``address`` end at, if there is one in it.

    IPv4-mapped addresses (RFC 4291, section 2.5.5.2), 6to4 (RFC 3056) and NAT64 (RFC 6052).
    """
    if isinstance(address, IPv4Address):
        return None
    if address in _NAT64:
        return IPv4Address(int(address) & 0xFFFF_FFFF)
    return address.ipv4_mapped or address.sixtofour
