"""Server-sent events on their way to a reader (WHATWG HTML, 9.2)."""

import asyncio

from aiohttp import web

READ_SECONDS = 30.0
"""How long a reader of events may take for one; then its connection is cut."""


async def sent(request: web.Request, response: web.StreamResponse, data: bytes) -> bool:
    """Send ``data`` and return whether the reader is still there."""
    try:
        async with asyncio.timeout(READ_SECONDS):
            await response.write(data)
    except ConnectionResetError:
        return False
    except TimeoutError:
        cut(request)
        return False
    return True


def cut(request: web.Request) -> None:
    """End a stream before its end, so that its reader can tell."""
    if request.transport is not None:
        request.transport.abort()
