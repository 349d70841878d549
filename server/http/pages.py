"""The server's own page, built from ``web_client/`` and shipped in the wheel."""

from pathlib import Path

from aiohttp import web

from esapr.server.http.headers import ASSETS

# The page talks to its own origin only, and shows nothing in foreign frames.
_HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; font-src 'self'; "
        "connect-src 'self'; img-src 'self' data:; media-src 'self' blob:; "
        "frame-ancestors 'none'; base-uri 'none'; form-action 'none'"
    ),
    "Permissions-Policy": "camera=(self), microphone=(self)",
    "Cache-Control": "no-cache",
}

_NOT_BUILT = """<!doctype html>
<html lang="en"><meta charset="utf-8"><title>ESAPR: page not built</title>
<body>
<h1>The server runs; its page is not built</h1>
<p>The page is made from <code>web_client/</code> with Node.js 20 or newer. Install Node.js
(on Debian: <code>apt install nodejs npm</code>), then run <code>make setup</code> and reload.</p>
<p>The API works without it: <a href="/healthz">/healthz</a>, <a href="/readyz">/readyz</a>,
<a href="/v1/models">/v1/models</a>, <a href="/metrics">/metrics</a>.</p>
"""


def routes(static: Path) -> list[web.AbstractRouteDef]:
    """Return the routes for the built page in ``static``, or for the page that says how to."""

    async def get_page(_: web.Request) -> web.StreamResponse:
        index = static / "index.html"
        if index.is_file():
            return web.FileResponse(index, headers=_HEADERS)
        return web.Response(text=_NOT_BUILT, content_type="text/html", headers=_HEADERS)

    assets = static / "assets"
    built: list[web.AbstractRouteDef] = [web.static(ASSETS, assets)] if assets.is_dir() else []
    return [web.get("/", get_page), *built]
