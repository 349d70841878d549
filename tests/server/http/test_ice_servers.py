"""STUN and TURN servers for clients, and media that reaches the server by a relay only."""

import asyncio
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import aiohttp
import msgspec
import pytest
from yarl import URL

from esapr.load_tests import PORTRAIT
from esapr.load_tests.gateway import Gateway
from esapr.load_tests.media import encode_clip
from esapr.load_tests.peer import Peer
from esapr.protocol.codec import Format
from esapr.protocol.messages import State
from esapr.protocol.requests import IceServer, SessionRequest
from esapr.server.config import ConfigError, ServerConfig
from esapr.server.http.ice_servers import CREDENTIAL_LIFETIME, ice_servers, links
from tests.serving import CONSENT, running_server
from tests.turn_server import coturn

SECRET = "shared with coturn"
NOW = datetime(2026, 11, 23, tzinfo=UTC)
CONFIG = ServerConfig(
    stun_urls=("stun:stun.example.net",),
    turn_urls=("turn:turn.example.net?transport=udp", "turns:turn.example.net?transport=tcp"),
    turn_secret=SECRET,
)


def test_credentials_run_out_and_name_the_session() -> None:
    stun, turn = ice_servers(CONFIG, "session-1", NOW)

    assert stun == IceServer(["stun:stun.example.net"])
    assert turn.urls == list(CONFIG.turn_urls)
    expires = int((NOW + CREDENTIAL_LIFETIME).timestamp())
    assert turn.username == f"{expires}:session-1"
    # printf %s USERNAME | openssl dgst -sha1 -hmac 'shared with coturn' -binary | base64
    assert turn.credential == "5CCbXZf6qZIYzNtMbqhKW/o6TQ0="


def test_links_are_those_of_rfc_9725() -> None:
    stun, udp, tls = links(ice_servers(CONFIG, "one", NOW))

    assert stun == '<stun:stun.example.net>; rel="ice-server"'
    assert udp.startswith('<turn:turn.example.net?transport=udp>; rel="ice-server"; username="')
    assert udp.endswith('"; credential-type="password"')
    assert tls.startswith("<turns:turn.example.net?transport=tcp>; ")


def test_without_servers_there_is_nothing_to_offer() -> None:
    assert ice_servers(ServerConfig(), "one", NOW) == []


@pytest.mark.parametrize(
    ("settings", "named"),
    [
        ({"turn_urls": ("turn:host",)}, "turn_secret"),
        ({"turn_urls": ("turn:host?transport=sctp",), "turn_secret": "s"}, "turn_urls"),
        ({"turn_urls": ("http://host",), "turn_secret": "s"}, "turn_urls"),
        ({"stun_urls": ("turn:host",)}, "stun_urls"),
        ({"stun_urls": ('stun:host>; rel="x"',)}, "stun_urls"),
        ({"allowed_origins": ("*",)}, "allowed_origins"),
        ({"allowed_origins": ("https://host/path",)}, "allowed_origins"),
    ],
)
def test_settings_that_cannot_be_meant_stop_the_start(
    settings: dict[str, tuple[str, ...]], named: str
) -> None:
    with pytest.raises(ConfigError, match=named):
        ServerConfig(**settings)


def test_settings_come_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ESAPR_TURN_URLS", "turn:a turns:b:443")
    monkeypatch.setenv("ESAPR_TURN_SECRET", SECRET)

    config = ServerConfig.from_environ()

    assert (config.turn_urls, config.turn_secret) == (("turn:a", "turns:b:443"), SECRET)
    assert SECRET not in repr(config)


@pytest.mark.real_time
async def test_states_come_from_media_that_takes_the_relay_only() -> None:
    async with (
        coturn() as turn,
        running_server(turn_urls=turn.turn_urls, turn_secret=turn.turn_secret) as server,
        aiohttp.ClientSession(server.url) as http,
    ):
        gateway = Gateway(http, URL(server.url))
        request = msgspec.convert({"consent": CONSENT}, SessionRequest)
        async with (
            gateway.session(request) as credentials,
            gateway.subscribe(credentials, Format.JSON) as feed,
            gateway.push(credentials) as exchange,
            Peer(encode_clip(PORTRAIT), loopback=True, relays=credentials.ice_servers) as peer,
        ):
            offers: list[str] = []

            async def watched(offer: str) -> str:
                offers.append(offer)
                return await exchange(offer)

            await peer.connect(watched)
            candidates = [line for line in offers[0].splitlines() if "a=candidate" in line]
            assert candidates
            assert all(" typ relay" in line for line in candidates)
            assert peer.path == "relay"
            async with asyncio.timeout(30):
                async for message in feed:
                    if isinstance(message, State) and message.modalities.face:
                        break


@pytest.mark.real_time
async def test_wrong_and_expired_credentials_get_no_relay() -> None:
    async with coturn() as turn:
        now = datetime.now(UTC)
        wrong = ice_servers(replace(turn, turn_secret="guessed"), "one", now)
        expired = ice_servers(turn, "one", now - CREDENTIAL_LIFETIME - timedelta(minutes=1))
        good = ice_servers(turn, "one", now)
        counts = []
        for relays in (wrong, expired, good):
            async with Peer(encode_clip(PORTRAIT), loopback=True, relays=relays) as peer:
                counts.append((await peer.offer()).count(" typ relay"))
        assert (counts[0], counts[1]) == (0, 0)
        assert counts[2] > 0


@pytest.mark.real_time
async def test_a_session_and_its_answer_carry_the_servers() -> None:
    async with (
        running_server(stun_urls=CONFIG.stun_urls) as server,
        aiohttp.ClientSession(server.url) as http,
    ):
        opened = await (await http.post("/v1/demo/sessions", json={"consent": CONSENT})).json()
        assert opened["ice_servers"] == [{"urls": ["stun:stun.example.net"]}]
