"""Which names and addresses are this machine's own."""

from ipaddress import ip_address


def is_loopback(host: str) -> bool:
    """Return whether a host name or address is of the loopback interface."""
    if host == "localhost":
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False
