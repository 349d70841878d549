"""A real server with the shipped models, for tests that speak to it over sockets."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

from esapr import models_onnx
from esapr.inference.models import Model
from esapr.server.app import Server, serve
from esapr.server.config import ServerConfig
from esapr.server.pipeline import load_models
from esapr.web_client import STATIC

NOTICE_VERSION = "2026-11"
"""That of the notice that is shipped."""

CONSENT = {
    "subject": "test participant",
    "text_version": NOTICE_VERSION,
    "given_at": datetime.now(UTC).isoformat(),
    "method": "test",
    "covers": ["records"],
}


@cache
def models() -> dict[str, Model]:
    """Return the shipped models, loaded once a test run."""
    return load_models(models_onnx.folders())


@asynccontextmanager
async def running_server(
    static: Path = STATIC, *, stop: asyncio.Event | None = None, **settings: object
) -> AsyncIterator[Server]:
    """Serve on a free loopback port until the block is left; ready when it is entered."""
    with TemporaryDirectory() as state:
        config = replace(ServerConfig(port=0, state_dir=state), **settings)  # type: ignore[arg-type]
        in_threads = config.inference_workers == "threads"
        async with serve(config, static, models() if in_threads else None, stop=stop) as server:
            await server.ready.wait()
            yield server
