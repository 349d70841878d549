"""A server behind nginx and behind Caddy, as browsers and backends meet it."""

import json
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path

import aiohttp
import msgspec
import pytest
from yarl import URL

from esapr.load_tests import PORTRAIT
from esapr.load_tests.gateway import Gateway
from esapr.load_tests.media import encode_clip
from esapr.load_tests.peer import Peer
from esapr.protocol.analyses import REQUEST_HEADER
from esapr.protocol.codec import Format
from esapr.protocol.limits import FAILURE_BURST
from esapr.protocol.requests import SessionCredentials
from tests.addresses import own_address
from tests.cli.test_processes import seen_face
from tests.docker.proxies import NAME, Proxy, at, caddy, nginx
from tests.server.http.keyed import bearer, keyed_server, make, opened
from tests.serving import CONSENT

pytestmark = pytest.mark.real_time

ELSEWHERE = "203.0.113.9"


@dataclass(frozen=True)
class Site:
    """A server, a key for it, and the proxy before it."""

    proxy: Proxy
    direct: aiohttp.ClientSession
    key: str


@asynccontextmanager
async def behind(name: str, folder: Path) -> AsyncIterator[Site]:
    async with AsyncExitStack() as stack:
        state = folder / "state"
        state.mkdir()
        direct, keys, server = await stack.enter_async_context(
            keyed_server(state, trusted_proxies=("127.0.0.1/32",))
        )
        proxies = {
            "nginx": lambda: nginx(folder, {"127.0.0.1:8000": server.port}),
            "caddy": lambda: caddy(folder, server.port),
        }
        proxy = await stack.enter_async_context(proxies[name]())
        yield Site(proxy, direct, make(keys, "clinic"))


@pytest.mark.parametrize("name", ["nginx", "caddy"])
async def test_a_server_behind_a_proxy(name: str, tmp_path: Path) -> None:
    """One server a proxy: it takes longer to start than all that is asked of it."""
    async with behind(name, tmp_path) as site, at(site.proxy) as http:
        await check_page(site, http)
        await check_media(site, http)
        await check_files(site, http)
        await check_what_is_kept_inside(site, http)
        await check_addresses(site)


async def check_page(site: Site, http: aiohttp.ClientSession) -> None:
    async with http.get("/") as page, site.direct.get("/") as direct:
        assert page.status == direct.status
        kept = dict(direct.headers)
        del kept["Date"]
        assert kept.items() <= dict(page.headers).items()
        assert "Strict-Transport-Security" in page.headers
        assert "Server" not in page.headers or page.headers["Server"] == "nginx"
    insecure = f"http://{NAME}:{site.proxy.http}/staff"
    async with http.get(insecure, allow_redirects=False) as moved:
        assert moved.status == 308
        assert moved.headers["Location"].startswith(f"https://{NAME}")
        assert moved.headers["Location"].endswith("/staff")


async def check_media(site: Site, http: aiohttp.ClientSession) -> None:
    """WHIP with its Location and ETag, the feed, and a state of a face that came by WebRTC."""
    found = await opened(http, site.key)
    credentials = msgspec.convert(found, SessionCredentials)
    gateway = Gateway(http, URL(site.proxy.url))
    pushed: list[tuple[str, str]] = []

    async def noting(_: object, __: object, params: aiohttp.TraceRequestEndParams) -> None:
        headers = params.response.headers
        if "ETag" in headers and params.method == "POST":
            pushed.append((headers["Location"], headers["ETag"]))

    trace = aiohttp.TraceConfig()
    trace.on_request_end.append(noting)
    trace.freeze()
    http.trace_configs.append(trace)
    async with (
        gateway.subscribe(credentials, Format.JSON) as feed,
        gateway.push(credentials) as exchange,
        Peer(encode_clip(PORTRAIT), loopback=True) as peer,
    ):
        await peer.connect(exchange)
        assert (await seen_face(feed)).modalities.face
        [(resource, etag)] = pushed
        assert resource.startswith(credentials.whip_url)
        headers = bearer(credentials.client_token) | {
            "Content-Type": "application/trickle-ice-sdpfrag"
        }
        for tag, status in ((etag, 204), ('"another"', 412)):
            async with http.patch(
                resource, data=b"a=end-of-candidates\r\n", headers=headers | {"If-Match": tag}
            ) as answer:
                assert answer.status == status, await answer.text()
    async with http.delete(resource, headers=headers) as gone:
        assert gone.status == 404


async def check_files(site: Site, http: aiohttp.ClientSession) -> None:
    """A recording is larger than what proxies take unless they are told; events come one by one."""
    wanted = {"purpose": "telehealth", "jurisdiction": "DE", "consent": CONSENT}
    headers = bearer(site.key) | {
        REQUEST_HEADER: json.dumps(wanted),
        "Content-Type": "text/plain",
    }
    text = b"What a lovely surprise! " + b" " * 1_500_000
    async with http.post("/v1/analyses", data=BytesIO(text), headers=headers) as taken:
        assert taken.status == 202, await taken.text()
        sent = await taken.json()
    async with http.get(sent["events_url"], headers=bearer(sent["token"])) as events:
        assert events.content_type == "text/event-stream"
        assert await events.content.readline()


async def check_what_is_kept_inside(site: Site, http: aiohttp.ClientSession) -> None:
    for path in ("/metrics", "/v1/admin/drain"):
        async with http.post(path, headers=bearer(site.key)) as hidden:
            assert hidden.status == 404
            assert b"error" not in await hidden.read()
    # A server on a loopback address takes this for its own machine's page.
    async with http.post(
        "/v1/demo/sessions", json={"consent": CONSENT}, headers={"Host": "localhost"}
    ) as local:
        assert local.status != 201
        assert b"session_id" not in await local.read()


async def check_addresses(site: Site) -> None:
    """Wrong tokens are counted for who sends them, whoever he says that he is."""
    found = await opened(site.direct, site.key)
    path = f"/v1/sessions/{found['session_id']}"
    async with at(site.proxy, own_address()) as stranger:
        answers = [
            await status(stranger, path, "wrong", f"198.51.100.{number}")
            for number in range(int(FAILURE_BURST) + 1)
        ]
    assert answers == [401] * int(FAILURE_BURST) + [429]
    async with at(site.proxy) as somebody_else:
        assert await status(somebody_else, path, found["client_token"], own_address()) == 200


async def status(http: aiohttp.ClientSession, path: str, token: str, pretended: str) -> int:
    headers = bearer(token) | {"X-Forwarded-For": pretended}
    async with http.get(path, headers=headers) as answer:
        return answer.status
