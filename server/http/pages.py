"""The server's own pages and what other sites embed, built from ``web_client/``, in the wheel."""

from collections.abc import Mapping
from pathlib import Path

from aiohttp import web
from aiohttp.typedefs import Handler

from esapr.server.http.headers import ASSETS

# The pages talk to their own origin only, and show nothing in foreign frames.
_HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; font-src 'self'; "
        "connect-src 'self'; img-src 'self' data:; media-src 'self' blob:; "
        "worker-src 'self'; manifest-src 'self'; "
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

# What makes the live page an app: its manifest and icons, and the worker, which works under the
# policy that it comes with.
_INSTALLED = {
    "manifest.webmanifest": {"Content-Type": "application/manifest+json"},
    "icon-192.png": {},
    "icon-512.png": {},
    "icon-maskable.png": {},
    "worker.js": _HEADERS,
}

# Public code without data: any page may load it, also an isolated one (COEP), and say then that
# its origin is not among the allowed ones.
_EMBEDDED = {
    "Access-Control-Allow-Origin": "*",
    "Cross-Origin-Resource-Policy": "cross-origin",
    "Cache-Control": "no-cache",
}


def routes(static: Path) -> list[web.AbstractRouteDef]:
    """Return the routes for the built pages in ``static``, or for the page that says how to."""
    assets = static / "assets"
    built: list[web.AbstractRouteDef] = [web.static(ASSETS, assets)] if assets.is_dir() else []
    return [
        web.get("/", _page(static / "index.html")),
        web.get("/analyze", _page(static / "analyze.html")),
        web.get("/staff", _page(static / "staff.html")),
        web.get("/analyze", _page(static / "analyze.html")),
        web.get("/embed-check", _page(static / "embed-check.html")),
        web.get("/report/{session}", _page(static / "report.html")),
        web.get("/room/{room}", _page(static / "room.html")),
        web.get("/offline", _page(static / "offline.html")),
        *(
            web.get(f"/{name}", _answering(static / name, headers | {"Cache-Control": "no-cache"}))
            for name, headers in _INSTALLED.items()
            if (static / name).is_file()
        ),
        *(
            web.get(f"/embed/{file.name}", _answering(file, _EMBEDDED))
            for file in sorted((static / "embed").glob("*.js"))
        ),
        *built,
    ]


def _page(file: Path) -> Handler:
    return _answering(file, _HEADERS) if file.is_file() else get_instructions


def _answering(file: Path, headers: Mapping[str, str]) -> Handler:
    async def get_file(_: web.Request) -> web.FileResponse:
        return web.FileResponse(file, headers=headers)

    return get_file


async def get_instructions(_: web.Request) -> web.Response:
    """Answer with how the pages are built."""
    return web.Response(text=_NOT_BUILT, content_type="text/html", headers=_HEADERS)
