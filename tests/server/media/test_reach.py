"""Which addresses a client may have the server send checks to."""

from ipaddress import ip_address, ip_network

import hypothesis.strategies as st
import pytest
from hypothesis import given

from esapr.server.media.reach import Reach

PUBLIC = ["8.8.8.8", "93.184.216.34", "2606:2800:220:1::1", "::ffff:8.8.8.8", "64:ff9b::808:808"]
PRIVATE = ["10.1.2.3", "172.16.0.1", "192.168.1.1", "100.64.0.1", "fd00::1", "::ffff:10.1.2.3"]
NEVER = [
    "127.0.0.1",
    "127.255.0.9",
    "::1",
    "::ffff:127.0.0.1",
    "64:ff9b::7f00:1",
    "2002:7f00:1::",
    "0.0.0.0",
    "::",
    "169.254.169.254",
    "fe80::1",
    "fe80::1%eth0",
    "224.0.0.251",
    "ff02::fb",
    "240.0.0.1",
    "::7f00:1",
]
NAMES = [
    "localhost",
    "metadata.internal",
    "0b9ad2c0.local",
    "",
    "0177.0.0.1",
    "2130706433",
    "1.2.3",
]


@pytest.mark.parametrize("host", PUBLIC)
def test_public_addresses_are_taken(host: str) -> None:
    assert Reach().includes(host)


@pytest.mark.parametrize("host", [*PRIVATE, *NEVER, *NAMES, "192.0.2.1", "255.255.255.255"])
def test_what_is_not_public_is_not(host: str) -> None:
    assert not Reach().includes(host)


def test_a_private_network_is_taken_where_the_deployer_says_so() -> None:
    hospital = Reach(["10.1.0.0/16", "fd00::/64"])

    assert [host for host in PRIVATE if hospital.includes(host)] == [
        "10.1.2.3",
        "fd00::1",
        "::ffff:10.1.2.3",
    ]


@pytest.mark.parametrize("host", NEVER)
def test_no_setting_opens_the_server_itself_or_its_link(host: str) -> None:
    assert not Reach(["0.0.0.0/0", "::/0"]).includes(host)


@pytest.mark.parametrize("host", [*PUBLIC, *PRIVATE, *NEVER])
def test_a_server_on_loopback_takes_any_address(host: str) -> None:
    assert Reach(anywhere=True).includes(host)


@pytest.mark.parametrize("host", NAMES)
def test_names_are_never_taken(host: str) -> None:
    assert not Reach(["0.0.0.0/0"], anywhere=True).includes(host)


@given(st.ip_addresses())
def test_no_private_address_is_taken_in_any_spelling(address: object) -> None:
    found = ip_address(str(address))
    if found.is_private or not found.is_global:
        assert not Reach().includes(found.exploded)
        assert not Reach().includes(found.compressed)


@given(st.ip_addresses(network=ip_network("10.0.0.0/8")))
def test_a_private_address_inside_another_is_none_less(address: object) -> None:
    number = int(ip_address(str(address)))
    mapped, nat64 = 0xFFFF << 32 | number, 0x64FF9B << 96 | number
    six_to_four = 0x2002 << 112 | number << 80
    for whole in (mapped, nat64, six_to_four):
        assert not Reach().includes(str(ip_address(whole)))
