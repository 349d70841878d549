"""Servers with keys, and sessions that are opened with them."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import aiohttp

from esapr.protocol.calls import KeyScope
from esapr.server.app import Server
from esapr.server.trust.key_file import KeyFile
from tests.serving import CONSENT, running_server

Json = dict[str, Any]


def make(keys: KeyFile, name: str, scope: KeyScope = "sessions", days: int = 1) -> str:
    """Return a new key; with ``days`` below zero it expired then."""
    return keys.create(name, [scope], timedelta(days=days))


@asynccontextmanager
async def keyed_server(
    folder: Path, **settings: object
) -> AsyncIterator[tuple[aiohttp.ClientSession, KeyFile, Server]]:
    """A server whose keys and signing keys are in ``folder``, with one key to begin with."""
    keys = KeyFile(folder / "keys.json")
    make(keys, "first")
    async with (
        running_server(state_dir=str(folder), **settings) as server,
        aiohttp.ClientSession(f"http://127.0.0.1:{server.port}") as http,
    ):
        yield http, keys, server


def bearer(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}


async def opened(http: aiohttp.ClientSession, key: str, **request: object) -> Json:
    """Open a session with a key and return its credentials."""
    body = {"purpose": "telehealth", "jurisdiction": "DE", "consent": CONSENT, **request}
    async with http.post("/v1/sessions", json=body, headers=bearer(key)) as answer:
        assert answer.status == 201, await answer.text()
        credentials: Json = await answer.json()
        return credentials


async def code(answer: aiohttp.ClientResponse) -> str:
    """Return the error code of an answer, or its status."""
    if answer.status < 400:
        return str(answer.status)
    found: str = (await answer.json())["error"]["code"]
    return found
