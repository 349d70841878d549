"""Who a client is behind proxies, and whose word is believed."""

import pytest

from esapr.server.config import ConfigError, ServerConfig
from esapr.server.http.proxies import Proxies

TRUSTING = Proxies(["127.0.0.1/32", "10.0.0.0/24"])


def forwarded(value: str) -> dict[str, str]:
    return {"X-Forwarded-For": value}


@pytest.mark.parametrize(
    ("peer", "named", "client"),
    [
        ("203.0.113.9", "", "203.0.113.9"),
        ("203.0.113.9", "198.51.100.1", "203.0.113.9"),
        ("127.0.0.1", "198.51.100.1", "198.51.100.1"),
        ("127.0.0.1", "1.1.1.1, 198.51.100.1", "198.51.100.1"),
        ("127.0.0.1", "198.51.100.1, 10.0.0.7", "198.51.100.1"),
        ("10.0.0.7", "127.0.0.1, 198.51.100.1,10.0.0.8 ,127.0.0.1", "198.51.100.1"),
        ("127.0.0.1", "", None),
        ("127.0.0.2", "198.51.100.1", None),
        ("127.0.0.1", "unknown", "unknown"),
        ("2001:db8:1:2:3::4", "", "2001:db8:1:2::/64"),
        ("::ffff:203.0.113.9", "", "203.0.113.9"),
        ("::1", "", None),
        (None, "", None),
    ],
)
def test_the_client_is_the_last_address_that_is_no_proxys(
    peer: str | None, named: str, client: str | None
) -> None:
    assert TRUSTING.client(peer, forwarded(named)) == client


def test_a_client_does_not_get_more_by_changing_its_ipv6_address() -> None:
    one = Proxies().client("2001:db8::1", {})

    assert one == Proxies().client("2001:db8::ffff:ffff:ffff:ffff", {})
    assert one != Proxies().client("2001:db8:0:1::1", {})


def test_https_is_a_trusted_proxys_word() -> None:
    https = {"X-Forwarded-Proto": "https"}

    assert TRUSTING.secure("127.0.0.1", https)
    assert not TRUSTING.secure("203.0.113.9", https)
    assert not TRUSTING.secure("127.0.0.1", {"X-Forwarded-Proto": "http"})
    assert not Proxies().secure("127.0.0.1", https)


@pytest.mark.parametrize("name", ["trusted_proxies", "ice_private_networks"])
def test_a_network_that_is_none_is_named(name: str) -> None:
    with pytest.raises(ConfigError, match=name):
        ServerConfig(**{name: ("10.0.0.1/8",)})  # type: ignore[arg-type]
