"""What reverse proxies say of a client: believed of those that the deployer trusts. No I/O."""

from collections.abc import Iterable, Mapping
from ipaddress import IPv6Address, ip_address, ip_network

_SITE_BITS = 64
"""Prefix of an IPv6 address that one client has to itself (RFC 6177): the rest is its choice."""


class Proxies:
    """The networks of the trusted proxies."""

    def __init__(self, networks: Iterable[str] = ()) -> None:
        """Trust ``networks``, written as in CIDR."""
        self._networks = [ip_network(network) for network in networks]

    def client(self, peer: str | None, headers: Mapping[str, str]) -> str | None:
        """Return the address of the client, or its IPv6 network; None for this machine itself.

        ``peer`` is the other end of the connection. Of ``X-Forwarded-For`` the last address
        counts that is no trusted proxy's: what stands before it is the client's own word.
        """
        address = peer
        if self._trusts(peer):
            named = headers.get("X-Forwarded-For", "").split(",")
            address = next((n.strip() for n in reversed(named) if not self._trusts(n.strip())), "")
        return _network_of(address)

    def secure(self, peer: str | None, headers: Mapping[str, str]) -> bool:
        """Whether the client speaks HTTPS with a trusted proxy."""
        return self._trusts(peer) and headers.get("X-Forwarded-Proto", "").lower() == "https"

    def _trusts(self, host: str | None) -> bool:
        try:
            address = ip_address(host or "")
        except ValueError:
            return False
        return any(address in network for network in self._networks)


def _network_of(host: str | None) -> str | None:
    try:
        address = ip_address(host or "")
    except ValueError:
        return host or None
    if address.is_loopback:
        return None
    if isinstance(address, IPv6Address):
        if address.ipv4_mapped:
            return str(address.ipv4_mapped)
        return str(ip_network((int(address), _SITE_BITS), strict=False))
    return str(address)
