"""Processes of the server's own, for work that it has no time for or that it does not trust."""

import asyncio
import sys
from asyncio.subprocess import DEVNULL, PIPE, Process
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager


@asynccontextmanager
async def limited_process(module: str, *arguments: str) -> AsyncIterator[Process]:
    """Run a module of this project, which limits itself; its pipes and it end with the block.

    Raises:
        OSError: it cannot be started.
    """
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-I", "-m", module, *arguments),
        stdin=PIPE,
        stdout=PIPE,
        stderr=DEVNULL,
        # The settings of the server, secrets among them, are none of its business.
        env={},
    )
    try:
        yield process
    finally:
        if process.returncode is None:
            process.kill()
        assert process.stdin is not None
        process.stdin.close()
        # Its pipes are closed once they were read to their end.
        await process.communicate()
