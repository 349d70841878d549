"""Addresses of this machine."""

from ipaddress import ip_address

import ifaddr

from tests.programs import missing


def own_address() -> str:
    """Return an IPv4 address of this machine that is not loopback."""
    found = [each.ip for adapter in ifaddr.get_adapters() for each in adapter.ips if each.is_IPv4]
    others = [ip for ip in found if isinstance(ip, str) and not ip_address(ip).is_loopback]
    return others[0] if others else missing("an address beside those of loopback")
