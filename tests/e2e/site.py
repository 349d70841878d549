"""Another site: pages with headers of their own, on an origin that is not the server's."""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import aiohttp
import msgspec
from aiohttp import web

from esapr.protocol.requests import SessionCredentials
from tests.serving import CONSENT


@dataclass(frozen=True)
class SitePage:
    """What a path answers."""

    html: str
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Site:
    """A site under two names, which are two origins and two sites to a browser."""

    port: int
    pages: dict[str, SitePage]

    @property
    def origin(self) -> str:
        """The origin of its pages."""
        return f"http://127.0.0.1:{self.port}"

    @property
    def outer(self) -> str:
        """The origin of a page that has one of its pages in a frame."""
        return f"http://localhost:{self.port}"


@asynccontextmanager
async def running_site() -> AsyncIterator[Site]:
    """Serve what is put into ``pages``."""
    pages: dict[str, SitePage] = {}

    async def get_page(request: web.Request) -> web.Response:
        page = pages.get(request.path)
        if page is None:
            return web.Response(status=204)
        return web.Response(text=page.html, content_type="text/html", headers=page.headers)

    app = web.Application()
    app.router.add_get("/{path:.*}", get_page)
    runner = web.AppRunner(app)
    await runner.setup()
    try:
        listener = web.TCPSite(runner, "127.0.0.1", 0)
        await listener.start()
        yield Site(runner.addresses[0][1], pages)
    finally:
        await runner.cleanup()


async def session_for(server: str) -> SessionCredentials:
    """Open a session, as a site's own server does."""
    async with (
        aiohttp.ClientSession(server) as http,
        http.post("/v1/demo/sessions", json={"consent": CONSENT}) as response,
    ):
        response.raise_for_status()
        return msgspec.json.decode(await response.read(), type=SessionCredentials)


def widget(server: str, session: SessionCredentials) -> str:
    """Return the element, with what the site's server got."""
    return (
        f'<esapr-widget server="{server}" session="{session.session_id}" '
        f'client-token="{session.client_token}"></esapr-widget>'
    )
