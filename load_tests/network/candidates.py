"""ICE candidates in SDP, and in the fragments of WHIP: read, and put in the place of. No I/O."""

import re
from collections.abc import Iterator
from ipaddress import ip_address

from esapr.load_tests.network.profiles import NetworkError

Address = tuple[str, int]
"""Host and UDP port."""

# RFC 8839, section 5.1; component 1 is the only one where RTCP has no port of its own.
_CANDIDATE = re.compile(
    r"^(?P<head>a=candidate:\S+ 1 udp \d+) (?P<host>\S+) (?P<port>\d+)(?P<tail> typ .*)$",
    re.IGNORECASE,
)


def first_address(sdp: str, *, version: int | None = None) -> Address:
    """Return the first UDP address that ``sdp`` offers, of IP ``version`` 4 or 6 if it matters.

    Raises:
        NetworkError: it offers none.
    """
    for found in _candidates(sdp):
        host = found["host"]
        if version is None or ip_version(host) == version:
            return host, int(found["port"])
    raise NetworkError("the SDP offers no UDP address that the impairment relay can stand between")


def with_address(sdp: str, old: Address, new: Address) -> str:
    """Return ``sdp`` with ``new`` in the place of ``old``, and no other candidate."""
    lines = []
    for line in sdp.splitlines():
        if not line.startswith("a=candidate:"):
            lines.append(line)
        elif (found := _CANDIDATE.match(line)) and (found["host"], int(found["port"])) == old:
            lines.append(f"{found['head']} {new[0]} {new[1]}{found['tail']}")
    return "".join(f"{line}\r\n" for line in lines)


def _candidates(sdp: str) -> Iterator[re.Match[str]]:
    for line in sdp.splitlines():
        found = _CANDIDATE.match(line)
        # Names of mDNS hide an address that the relay would have to know.
        if found and not found["host"].endswith(".local"):
            yield found


def ip_version(host: str) -> int:
    """Return 4 or 6."""
    return ip_address(host).version
