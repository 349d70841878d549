"""Why sessions end."""

import asyncio
from collections.abc import Coroutine
from dataclasses import dataclass

from esapr.protocol.errors import CloseCode, ErrorCode


@dataclass(frozen=True, slots=True)
class Ending:
    """Why a session ends; ``error`` is sent right before the close frame.

    One that ``finishes`` waits until what was taken in is scored. ``actor`` has revoked consent, as
    the audit log names who acts.
    """

    reason: str
    close_code: CloseCode
    error: ErrorCode | None = None
    finishes: bool = False
    actor: str = ""


def revoked(actor: str) -> Ending:
    """Return the ending of a session whose consent ``actor`` has revoked."""
    return Ending(REVOKED, CloseCode.POLICY, ErrorCode.CONSENT_REQUIRED, actor=actor)


REVOKED = "consent_revoked"
DONE = Ending("closed", CloseCode.DONE, finishes=True)
IDLE = Ending("idle", CloseCode.IDLE, ErrorCode.SESSION_CLOSED)
SHUTDOWN = Ending("shutdown", CloseCode.SHUTDOWN, ErrorCode.SHUTTING_DOWN, finishes=True)
MOVED = Ending("moved", CloseCode.RESTART, ErrorCode.MOVED)
FAILED = Ending("internal", CloseCode.INTERNAL, ErrorCode.INTERNAL)


class Closing:
    """The way one session ends: for the first reason, or for one that does not wait for scores."""

    def __init__(self) -> None:
        """Start with a session that stays open."""
        loop = asyncio.get_running_loop()
        self._first: asyncio.Future[Ending] = loop.create_future()
        self._at_once: asyncio.Future[Ending] = loop.create_future()

    def end(self, ending: Ending) -> None:
        """Note a reason."""
        if not self._first.done():
            self._first.set_result(ending)
        if not (ending.finishes or self._at_once.done()):
            self._at_once.set_result(ending)

    @property
    def begun(self) -> bool:
        """Whether there is a reason."""
        return self._first.done()

    async def begin(self) -> Ending:
        """Wait for a reason."""
        return await self._first

    async def after(self, finishing: Coroutine[None, None, None]) -> Ending:
        """Run ``finishing`` until a reason comes that does not wait; return the one that counts."""
        async with asyncio.TaskGroup() as group:
            task = group.create_task(finishing)
            cut = group.create_task(asyncio.wait([self._at_once]))
            await asyncio.wait([task, cut], return_when=asyncio.FIRST_COMPLETED)
            task.cancel()
            cut.cancel()
        return self._at_once.result() if self._at_once.done() else self._first.result()
