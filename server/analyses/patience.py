"""Scoring that can wait."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import TypeVar

from esapr.inference.scoring import NotRunError

PAUSE_SECONDS = 0.25
"""How long a file waits where a model has no place for it: live sessions go first."""

In = TypeVar("In")
Out = TypeVar("Out")


async def patiently(score: Callable[[In], Awaitable[Out]], item: In) -> Out:
    """Return what ``score`` makes of ``item``, once a model has had a place for it.

    Raises:
        BatchFailedError: a model failed on it.
    """
    while True:
        try:
            return await score(item)
        except NotRunError:
            await asyncio.sleep(PAUSE_SECONDS)
