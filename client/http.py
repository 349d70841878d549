"""The HTTP calls, on a thread each: they are few, and the standard library speaks HTTP."""

import asyncio
from collections.abc import AsyncGenerator, Mapping
from http.client import HTTPException, HTTPResponse
from types import MappingProxyType
from urllib.error import HTTPError
from urllib.request import Request, urlopen

from esapr.client.errors import RefusedError, UnreachableError

ANSWER_SECONDS = 10.0
SILENCE_SECONDS = 40.0
"""After which a stream is taken for lost; a server says something every fifteen."""

JSON: Mapping[str, str] = MappingProxyType({"Content-Type": "application/json"})
NOTHING: Mapping[str, str] = MappingProxyType({})


async def call(
    method: str,
    url: str,
    *,
    token: str | None = None,
    body: bytes | None = None,
    headers: Mapping[str, str] = JSON,
    seconds: float = ANSWER_SECONDS,
) -> bytes:
    """Return the body of the answer; ``token`` goes into ``Authorization``.

    ``headers`` go out with a ``body``, which is JSON unless they say otherwise.

    Raises:
        RefusedError: the answer has a status of 400 or more.
        UnreachableError: there was none within ``seconds``.
    """
    request = _request(method, url, token, NOTHING if body is None else headers, body)
    return await asyncio.to_thread(_answer, request, seconds)


async def lines(url: str, token: str, headers: Mapping[str, str]) -> AsyncGenerator[str, None]:
    """Yield the lines of a text that goes on arriving, without their ends.

    Raises:
        RefusedError: the answer has a status of 400 or more.
        UnreachableError: there was none, or it has broken off.
    """
    request = _request("GET", url, token, headers, None)
    answer = await asyncio.to_thread(_open, request, SILENCE_SECONDS)
    try:
        while line := await asyncio.to_thread(_line, answer):
            yield line.decode().rstrip("\r\n")
    finally:
        # Done once the thread that may still read is; whoever cancels does not wait for that.
        asyncio.get_running_loop().run_in_executor(None, answer.close)


def _request(
    method: str, url: str, token: str | None, headers: Mapping[str, str], body: bytes | None
) -> Request:
    request = Request(url, body, dict(headers), method=method)
    if token is not None:
        request.add_header("Authorization", f"Bearer {token}")
    return request


def _answer(request: Request, seconds: float) -> bytes:
    with _open(request, seconds) as answer:
        try:
            return answer.read()
        except (OSError, HTTPException) as error:
            raise UnreachableError(f"{request.full_url} has broken off: {error}") from error


def _open(request: Request, seconds: float) -> HTTPResponse:
    try:
        answer: HTTPResponse = urlopen(request, timeout=seconds)
    except HTTPError as refusal:
        with refusal:
            raise RefusedError.from_answer(refusal.code, refusal.read()) from None
    except (OSError, HTTPException) as error:
        raise UnreachableError(f"{request.full_url} does not answer: {error}") from error
    return answer


def _line(answer: HTTPResponse) -> bytes:
    try:
        return answer.readline()
    except (OSError, HTTPException) as error:
        raise UnreachableError(f"the stream has broken off: {error}") from error
