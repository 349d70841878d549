"""Cuts a Python process off from every network but this machine.

Imported by :mod:`tests.conftest`, and by every Python that a test starts, because ``PYTHONPATH``
leads here (https://docs.python.org/3/library/site.html). Whatever wants to leave the machine fails
as it does where the network is down, and is written to ``ESAPR_TESTS_REACHED``, which fails the
test.
"""

import errno
import os
import socket
import sys
from contextlib import closing
from functools import cache
from ipaddress import ip_address

_NAMED = "socket.getaddrinfo"
# Ray's head says once that its usage statistics are switched off, and where it runs
# (`UsageStatsHead._report_disabled_usage_sync`). That is refused, too, and fails no test.
_OF_RAY = ("usage-stats.ray.io", "metadata.google.internal", "169.254.169.254")
_REACHED = ("socket.connect", "socket.sendto", "socket.sendmsg", _NAMED)


def refuse(event: str, arguments: tuple[object, ...]) -> None:
    """Raise for a call that leaves this machine (an audit hook, PEP 578)."""
    if event not in _REACHED:
        return
    address = arguments if event == _NAMED else arguments[1]
    # Other families than IP stay on the machine; a connected socket names no address.
    if not isinstance(address, tuple):
        return
    host = address[0].decode() if isinstance(address[0], bytes) else address[0]
    if isinstance(host, str) and not _here(host, named=event == _NAMED):
        if host not in _OF_RAY:
            _note(f"{event} {host}")
        if event == _NAMED:
            raise socket.gaierror(socket.EAI_AGAIN, "the tests have no network")
        raise OSError(errno.ENETUNREACH, "the tests have no network")


def _note(what: str) -> None:
    file = os.environ.get("ESAPR_TESTS_REACHED")
    if file:
        with open(file, "a", encoding="utf-8") as notes:
            notes.write(f"{what}\n")


@cache
def _here(host: str, *, named: bool) -> bool:
    """Return whether a host is this machine: a name of it, or an address that can be bound.

    An address that is only looked up (``named``) is asked of nobody.
    """
    if host in ("", "localhost", socket.gethostname()):
        return True
    try:
        address = ip_address(host.partition("%")[0])
    except ValueError:
        return False
    if named or address.is_loopback or address.is_unspecified:
        return True
    family = socket.AF_INET if address.version == 4 else socket.AF_INET6
    with closing(socket.socket(family, socket.SOCK_DGRAM)) as probe:
        try:
            probe.bind((host, 0))
        except OSError:
            return False
    return True


sys.addaudithook(refuse)
