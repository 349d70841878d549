"""The kernel's own bad network: ``python -m esapr.load_tests.network.netem PROFILE COMMAND ...``.

Runs COMMAND in a network namespace of its own, where all UDP on loopback crosses ``tc netem``; TCP
stays as it is. A load test that starts its own server lives in such a namespace entirely. It needs
no root where users may make namespaces, and a kernel that has netem (docs/decisions/0031).
"""

import os
import shlex
import shutil
import subprocess
import sys
from collections.abc import Sequence

from esapr.load_tests.network.conditions import Conditions, Loss
from esapr.load_tests.network.link import MAX_WAITING
from esapr.load_tests.network.profiles import NetworkError, Profile, profile

_PROGRAMS = {"unshare": "util-linux", "ip": "iproute2", "tc": "iproute2"}
_SBIN = "/usr/sbin:/sbin"
_UDP = 17
_BURST_BYTES = 3000


def in_namespace(network: Profile, command: Sequence[str], *, root: bool) -> list[str]:
    """Return the command line that runs ``command`` on ``network``; ``root``: as whom it runs.

    Raises:
        NetworkError: loopback, which both directions share, cannot be like that.
    """
    rights = () if root else ("--user", "--map-root-user")
    # Debian puts tc where only root's PATH leads.
    steps = [
        "set -e",
        f"PATH=$PATH:{_SBIN}",
        *(shlex.join(step) for step in _steps(network)),
        'exec "$@"',
    ]
    return ["unshare", *rights, "--net", "sh", "-c", "\n".join(steps), "sh", *command]


def _steps(network: Profile) -> list[list[str]]:
    if network.relayed or network.moves:
        raise NetworkError(f"netem has nothing to do with the profile {network.name}")
    if network.up != network.down:
        raise NetworkError(f"{network.name} differs up and down: netem on loopback cannot")
    up = ["ip", "link", "set", "lo", "up"]
    if not network.impairs:
        return [up]
    add = ["tc", "qdisc", "add", "dev", "lo"]
    # Packets get into the fourth band by the filter alone: the map of priorities knows three.
    steps = [up, [*add, "root", "handle", "1:", "prio", "bands", "4"]]
    steps.append([*add, "parent", "1:4", "handle", "40:", "netem", *_netem(network.up)])
    if inner := _inner(network.up):
        steps.append([*add, "parent", "40:1", *inner])
    match = ["u32", "match", "ip", "protocol", str(_UDP), "0xff", "flowid", "1:4"]
    steps.append(["tc", "filter", "add", "dev", "lo", "parent", "1:", "protocol", "ip", *match])
    return steps


def _netem(conditions: Conditions) -> list[str]:
    delay = [f"{conditions.delay_ms:g}ms", f"{conditions.jitter_ms:g}ms"]
    options = ["limit", str(MAX_WAITING), "delay", *delay, *_loss(conditions.loss)]
    if conditions.duplicates:
        options += ["duplicate", _percent(conditions.duplicates)]
    return options


def _loss(loss: Loss) -> list[str]:
    if not loss.to_bad:
        return ["loss", "random", _percent(loss.good)] if loss.good else []
    chain = (loss.to_bad, loss.to_good, loss.bad, loss.good)
    return ["loss", "gemodel", *map(_percent, chain)]


def _inner(conditions: Conditions) -> list[str]:
    """Return the queue behind netem: one for the rate, or one that keeps packets in order."""
    if conditions.rate_kbit_s is not None:
        rate = ["rate", f"{conditions.rate_kbit_s:g}kbit", "burst", str(_BURST_BYTES)]
        return ["tbf", *rate, "latency", f"{conditions.queue_ms:g}ms"]
    if conditions.jitter_ms and not conditions.reorders:
        return ["pfifo", "limit", str(MAX_WAITING)]
    return []


def _percent(share: float) -> str:
    return f"{share * 100:.6g}%"


def main(arguments: Sequence[str]) -> int:
    """Run a command on a profile's network; return its status, or 2 if it could not be run.

    What the kernel refuses is what ``ip`` or ``tc`` write to standard error.
    """
    if len(arguments) < 2:
        sys.stderr.write("usage: python -m esapr.load_tests.network.netem PROFILE COMMAND ...\n")
        return 2
    missing = [f"{name} ({of})" for name, of in _PROGRAMS.items() if not _found(name)]
    if missing:
        sys.stderr.write(f"netem needs {', '.join(missing)}\n")
        return 2
    try:
        line = in_namespace(profile(arguments[0]), arguments[1:], root=os.geteuid() == 0)
    except NetworkError as error:
        sys.stderr.write(f"{error}\n")
        return 2
    return subprocess.run(line, check=False).returncode


def _found(name: str) -> bool:
    return bool(shutil.which(name) or shutil.which(name, path=_SBIN))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
