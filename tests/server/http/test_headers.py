"""What every answer tells a browser, and what no answer tells anybody."""

import asyncio
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from importlib.metadata import version
from pathlib import Path

import aiohttp
import pytest

from esapr.protocol.routes import DRAIN, ROUTES
from esapr.web_client import STATIC
from tests.server.http.feeds import client
from tests.serving import CONSENT, running_server

pytestmark = pytest.mark.real_time

EVERYWHERE = {
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
}
VERSIONS = {f"{name}/{version(name)}" for name in ("aiohttp", "aiortc", "onnxruntime", "esapr")}


def check(response: aiohttp.ClientResponse, body: str) -> None:
    """The headers are there, and neither they nor the body give anything away."""
    assert {name: response.headers.get(name) for name in EVERYWHERE} == EVERYWHERE, response.url
    policy = response.headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    assert response.headers["Cache-Control"]
    assert "Server" not in response.headers
    check_discreet(str(response.headers) + body)


def check_discreet(said: str) -> None:
    assert not re.search(r"Traceback|\.py\b|site-packages|/home/|/root/|/tmp/", said), said
    assert not re.search(r"\bPython/\d", said), said
    assert not {each for each in VERSIONS if each in said.lower()}


@asynccontextmanager
async def http(**settings: object) -> AsyncIterator[aiohttp.ClientSession]:
    async with running_server(**settings) as server, aiohttp.ClientSession(server.url) as session:
        yield session


@pytest.mark.parametrize("body", [None, b"{", b"\xff" * 300], ids=["none", "cut", "bytes"])
async def test_every_call_that_there_is_with_any_body_and_no_token(body: bytes | None) -> None:
    async with http() as session:
        for route in ROUTES:
            if route is DRAIN:
                continue
            path = re.sub(r"\{\w+\}", "nobody", route.path)
            response = await session.request(route.method, path, data=body)
            check(response, await response.text())


async def test_the_page_and_its_files_and_what_there_is_not() -> None:
    if not (STATIC / "index.html").is_file():
        pytest.skip("the page is not built: npm ci && npm run build in web_client/")
    assets = [f"/assets/{path.name}" for path in (STATIC / "assets").iterdir()]
    async with http() as session:
        pages = ("/", "/staff", "/embed-check", "/room/ward")
        for path in (*pages, "/nothing", "/v1/nothing", "/assets/none.js", *assets):
            response = await session.get(path)
            body = await response.read()
            check(response, "" if path in assets else body.decode())
        assert "immutable" in (await session.get(assets[0])).headers["Cache-Control"]
        page = (await session.get("/")).headers
        assert "script-src 'self'" in page["Content-Security-Policy"]
        assert page["Cache-Control"] == "no-cache"


async def test_what_other_sites_embed_may_be_loaded_by_any_page(tmp_path: Path) -> None:
    (tmp_path / "embed").mkdir()
    (tmp_path / "embed/widget.js").write_text("export {};")
    async with running_server(tmp_path) as server, aiohttp.ClientSession(server.url) as session:
        stranger = {"Origin": "https://site.example"}
        script = (await session.get("/embed/widget.js", headers=stranger)).headers
        assert script["Access-Control-Allow-Origin"] == "*"
        assert script["Cross-Origin-Resource-Policy"] == "cross-origin"
        assert script["X-Content-Type-Options"] == "nosniff"
        assert "javascript" in script["Content-Type"]
        assert (await session.get("/embed/other.js")).status == 404


async def test_a_page_that_is_not_built_needs_no_exception(tmp_path: Path) -> None:
    async with running_server(tmp_path) as server, aiohttp.ClientSession(server.url) as session:
        response = await session.get("/")
        text = await response.text()
        check(response, text)
        assert "style=" not in text


async def test_credentials_are_not_kept_by_caches() -> None:
    async with http() as session:
        opened = await session.post("/v1/demo/sessions", json={"consent": CONSENT})
        assert opened.status == 201
        assert opened.headers["Cache-Control"] == "no-store"


async def test_a_feed_is_opened_with_them_too() -> None:
    async with client() as (one, _), one.feed() as socket:
        headers = socket._response.headers
        assert headers["X-Content-Type-Options"] == "nosniff"
        assert "Server" not in headers


async def test_https_is_demanded_where_a_trusted_proxy_says_that_it_is_spoken() -> None:
    name, forwarded = "Strict-Transport-Security", {"X-Forwarded-Proto": "https"}
    async with http(trusted_proxies=("127.0.0.1/32",)) as session:
        assert "max-age=31536000" in (await session.get("/", headers=forwarded)).headers[name]
        assert name not in (await session.get("/")).headers
    async with http() as session:
        assert name not in (await session.get("/", headers=forwarded)).headers


@pytest.mark.parametrize(
    "sent",
    [
        b"GET / HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer secret\x00\r\n\r\n",
        b"secret garbage\r\n\r\n",
        b"GET / HTTP/9.9\r\nsecret\r\n\r\n",
        b"GET /" + b"secret" * 2_000 + b" HTTP/1.1\r\n\r\n",
        b"GET / HTTP/1.1\r\nContent-Length: secret\r\n\r\n",
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfcsecret\r\n",
    ],
    ids=["header", "garbage", "version", "long", "length", "tls"],
)
async def test_what_is_not_http_is_refused_in_few_words_and_not_logged(
    sent: bytes, capfd: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    async with running_server() as server:
        reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
        writer.write(sent)
        answer = (await reader.read()).decode("latin-1")
        writer.close()
        await writer.wait_closed()
    assert answer.startswith("HTTP/1.0 400 ")
    assert '"code":"bad_message"' in answer
    assert "nosniff" in answer
    check_discreet(answer)
    assert "secret" not in answer + "".join(capfd.readouterr()) + caplog.text
