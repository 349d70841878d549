"""The kernel's network emulator: how it is asked, and what it does where the kernel has it."""

import math
import os
import subprocess
import sys

import pytest

from esapr.load_tests.network import NetworkError, profile
from esapr.load_tests.network.conditions import Conditions, Loss
from esapr.load_tests.network.netem import in_namespace, main
from esapr.load_tests.network.profiles import Profile

SENT = 2000
COUNT = f"""
import socket
there, here = [socket.socket(type=socket.SOCK_DGRAM) for _ in range(2)]
there.bind(("127.0.0.1", 0))
came = 0
for batch in range({SENT // 100}):
    for _ in range(100):
        here.sendto(b"x" * 100, there.getsockname())
    there.settimeout(1 if batch == {SENT // 100 - 1} else 0.02)
    try:
        while True:
            there.recv(200)
            came += 1
    except TimeoutError:
        pass
print(came)
"""
"""Sends datagrams over loopback and prints how many came."""


def script(network: Profile) -> list[str]:
    line = in_namespace(network, ["true"], root=True)
    assert line[:4] == ["unshare", "--net", "sh", "-c"]
    assert line[5:] == ["sh", "true"]
    return line[4].splitlines()


def same(name: str, conditions: Conditions) -> Profile:
    return Profile(name, "", conditions, conditions)


def test_loss_delay_and_a_filter_for_udp_are_set_before_the_command_runs() -> None:
    assert script(profile("lossy-5")) == [
        "set -e",
        "PATH=$PATH:/usr/sbin:/sbin",
        "ip link set lo up",
        "tc qdisc add dev lo root handle 1: prio bands 4",
        "tc qdisc add dev lo parent 1:4 handle 40: netem limit 1000 delay 50ms 0ms loss random 5%",
        "tc filter add dev lo parent 1: protocol ip u32 match ip protocol 17 0xff flowid 1:4",
        'exec "$@"',
    ]


def test_bursts_are_those_of_gilbert_and_elliott_and_packets_keep_their_order() -> None:
    steps = script(profile("wifi"))

    assert any("loss gemodel 0.3367% 33.3333% 100% 0%" in step for step in steps)
    assert "tc qdisc add dev lo parent 40:1 pfifo limit 1000" in steps


def test_packets_that_may_overtake_have_no_queue_behind_them() -> None:
    steps = script(profile("jitter"))

    assert any(step.endswith("delay 200ms 100ms duplicate 1%") for step in steps)
    assert not any("parent 40:1" in step for step in steps)


def test_a_rate_has_a_queue_as_long_as_it_says() -> None:
    steps = script(same("slow", Conditions(rate_kbit_s=250, queue_ms=300)))

    bucket = "tbf rate 250kbit burst 3000 latency 300ms"
    assert f"tc qdisc add dev lo parent 40:1 {bucket}" in steps


def test_both_states_may_lose() -> None:
    loss = Loss(good=0.01, bad=0.5, to_bad=0.02, to_good=0.2)

    assert any("gemodel 2% 20% 50% 1%" in step for step in script(same("", Conditions(loss=loss))))


def test_who_is_not_root_becomes_root_of_the_namespace_alone() -> None:
    line = in_namespace(profile("clean"), ["true"], root=False)

    assert line[:4] == ["unshare", "--user", "--map-root-user", "--net"]


@pytest.mark.parametrize("name", ["4g", "capped", "relay-only", "moving"])
def test_what_loopback_cannot_be_is_refused(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(NetworkError, match=name):
        in_namespace(profile(name), ["true"], root=True)

    assert main([name, "true"]) == 2
    assert name in capsys.readouterr().err


@pytest.mark.parametrize("arguments", [[], ["clean"]])
def test_a_profile_and_a_command_are_needed(arguments: list[str]) -> None:
    assert main(arguments) == 2


def run(name: str) -> subprocess.CompletedProcess[str]:
    count = [sys.executable, "-c", COUNT]
    line = in_namespace(profile(name), count, root=os.geteuid() == 0)
    return subprocess.run(line, capture_output=True, text=True, check=False)


def test_the_kernel_loses_what_the_profile_says() -> None:
    """Needs rights to make namespaces and a kernel with netem; no package brings either."""
    plain, lossy = run("clean"), run("lossy-10")
    if plain.returncode:
        pytest.skip(f"no network namespaces here: {plain.stderr.strip()}")
    assert int(plain.stdout) == SENT
    if lossy.returncode:
        # What the kernel refuses is told, and the command does not run on a clean network instead.
        assert lossy.stderr
        assert not lossy.stdout
        pytest.skip(f"no netem here: {lossy.stderr.strip()}")
    share = 1 - int(lossy.stdout) / SENT
    assert share == pytest.approx(0.10, abs=4 * math.sqrt(0.1 * 0.9 / SENT))
