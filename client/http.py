"""The HTTP calls, on a thread each: they are few, and the standard library speaks HTTP."""

import asyncio
from http.client import HTTPException
from urllib.error import HTTPError
from urllib.request import Request, urlopen

from esapr.client.errors import RefusedError, UnreachableError

ANSWER_SECONDS = 10.0


async def call(
    method: str, url: str, *, token: str | None = None, body: bytes | None = None
) -> bytes:
    """Return the body of the answer; ``body`` is JSON, ``token`` goes into ``Authorization``.

    Raises:
        RefusedError: the answer has a status of 400 or more.
        UnreachableError: there was none within ten seconds.
    """
    request = Request(url, body, method=method)
    if body is not None:
        request.add_header("Content-Type", "application/json")
    if token is not None:
        request.add_header("Authorization", f"Bearer {token}")
    return await asyncio.to_thread(_answer, request)


def _answer(request: Request) -> bytes:
    try:
        with urlopen(request, timeout=ANSWER_SECONDS) as answer:
            body: bytes = answer.read()
            return body
    except HTTPError as refusal:
        with refusal:
            raise RefusedError.from_answer(refusal.code, refusal.read()) from None
    except (OSError, HTTPException) as error:
        raise UnreachableError(f"{request.full_url} does not answer: {error}") from error
