"""A file that a server analyses: what it finds, as it is found."""

import asyncio
import json
import random
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing, suppress

import msgspec

from esapr.client.connection import MAX_ATTEMPTS, back_off
from esapr.client.errors import EsaprError, RefusedError, UnreachableError
from esapr.client.http import call, lines
from esapr.protocol.analyses import (
    REQUEST_HEADER,
    AnalysisDone,
    AnalysisMessage,
    AnalysisRequest,
    Page,
    Progress,
)
from esapr.protocol.codec import decode_analysis
from esapr.protocol.events import Event
from esapr.protocol.limits import UPLOAD_SECONDS
from esapr.protocol.messages import Error, State

SENDING_SECONDS = UPLOAD_SECONDS + 30.0
"""As long as a server waits for a file, and a while to open it."""

Found = Progress | State | Page | Event | AnalysisDone


async def sent(
    url: str, key: str | None, file: bytes, media_type: str, request: AnalysisRequest
) -> bytes:
    """Send a file and return the answer. Raises what :func:`esapr.client.http.call` does."""
    # Headers are ASCII.
    wanted = json.dumps(msgspec.to_builtins(request))
    headers = {"Content-Type": media_type, REQUEST_HEADER: wanted}
    return await call("POST", url, token=key, body=file, headers=headers, seconds=SENDING_SECONDS)


async def results(url: str, token: str) -> AsyncGenerator[Found, None]:
    """Yield what the analysis at ``url`` finds, :class:`AnalysisDone` last, each state once.

    The server forgets it when that was read, or the iterator is closed before.

    Raises:
        RefusedError: the file cannot be analysed to its end, or the analysis is gone.
        UnreachableError: ten attempts in a row brought nothing.
    """
    try:
        async with aclosing(_events(url, token)) as events:
            async for message in events:
                if isinstance(message, Error):
                    raise _refusal(message)
                yield message
                if isinstance(message, AnalysisDone):
                    break
    finally:
        with suppress(EsaprError):
            await call("DELETE", url, token=token)


async def _events(url: str, token: str) -> AsyncGenerator[AnalysisMessage, None]:
    """Yield every event; a stream that is lost is opened again behind the last one."""
    last: int | None = None
    failed = 0
    while True:
        headers = {} if last is None else {"Last-Event-ID": str(last)}
        try:
            async with aclosing(lines(f"{url}/events", token, headers)) as stream:
                async for number, message in _messages(stream):
                    last = last if number is None else number
                    failed = 0
                    yield message
            problem: EsaprError = UnreachableError("the events of the analysis have broken off")
        except EsaprError as error:
            problem = error
        failed += 1
        if not problem.retryable or failed > MAX_ATTEMPTS:
            raise problem
        await asyncio.sleep(back_off(failed, random.random()))


async def _messages(
    stream: AsyncIterator[str],
) -> AsyncIterator[tuple[int | None, AnalysisMessage]]:
    """Read server-sent events (WHATWG HTML, 9.2); those of later versions are left out."""
    number, data = None, ""
    async for line in stream:
        name, _, value = line.partition(": ")
        if name == "id":
            number = int(value)
        elif name == "data":
            data = value
        elif not line:
            with suppress(msgspec.DecodeError):
                yield number, decode_analysis(data.encode())
            number, data = None, ""


def _refusal(error: Error) -> RefusedError:
    return RefusedError(
        error.code,
        error.message,
        retryable=error.retryable,
        field=error.field or None,
        request_id=error.request_id,
    )
