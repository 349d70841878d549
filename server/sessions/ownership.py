"""Which gateway has which session: leases, hand-over and take-over."""

import asyncio
import re
from collections.abc import Iterable
from typing import NamedTuple

import structlog

from esapr.protocol.errors import ErrorCode, ProtocolError
from esapr.server.bus.directory import (
    LEASE_SECONDS,
    Directory,
    DirectoryError,
    Entry,
    Found,
    OwnershipLostError,
)
from esapr.server.metrics import Metrics
from esapr.server.sessions.admission import Sessions
from esapr.server.sessions.endings import MOVED
from esapr.server.sessions.session import Session
from esapr.server.trust.tokens import Issued

log = structlog.get_logger()

RENEW_SECONDS = 1.0

_ANALYSIS = re.compile("[0-9a-f]{32}-([0-9a-f]{32})")
"""The id of an analysis, and of the gateway that took it."""


class Neighbour(NamedTuple):
    """Another gateway: its id, and the address at which it serves the others."""

    gateway: str
    url: str


class Ownership:
    """Keeps this gateway's sessions in the directory, and takes over those of gateways that died.

    While the directory is away nobody can take anything over: each gateway goes on with its own.
    """

    def __init__(
        self, directory: Directory, gateway: str, url: str, sessions: Sessions, metrics: Metrics
    ) -> None:
        """Speak for ``gateway``, an id in hexadecimal, which serves the others at ``url``."""
        self._directory = directory
        self.gateway = gateway
        self._url = url
        self._sessions = sessions
        self._metrics = metrics
        self._now = asyncio.get_running_loop().time
        self._revisions: dict[str, int] = {}
        self._answers = False
        self._held_until = 0.0
        self._trusted_from = 0.0

    def has(self, session_id: str) -> bool:
        """Return whether a session is open here."""
        return session_id in self._sessions

    def holds(self) -> bool:
        """Return whether the sessions of this gateway are certainly still its own.

        A process that was stopped for longer than its lease holds nothing until it has renewed.
        """
        return not self._answers or self._now() < self._held_until

    async def run(self) -> None:
        """Renew what this gateway has, until cancelled."""
        while True:
            await self.renew()
            await asyncio.sleep(RENEW_SECONDS)

    async def renew(self) -> None:
        """Renew the lease and every entry; end the sessions that others have taken over."""
        started = self._now()
        try:
            if not self._answers:
                await self._directory.open()
                # Others have to renew their leases first: theirs may be lost, too.
                self._trusted_from = started + LEASE_SECONDS
            await self._directory.renew(self.gateway, self._url)
            await self._keep_all(self._sessions.all())
        except DirectoryError as error:
            if self._answers:
                log.warning("directory_away", error=str(error))
            self._answers = False
            return
        if not self._answers:
            log.info("directory_answers")
        self._answers = True
        self._held_until = started + LEASE_SECONDS

    async def keep(self, session: Session) -> None:
        """Put a session that has just changed into the directory; the next renewal makes up."""
        try:
            await self._keep(session)
        except DirectoryError:
            log.info("directory_later", session=session.id)

    async def leave(self, session_id: str) -> None:
        """Put it into the directory that a session has ended here; the next renewal makes up."""
        try:
            await self._end(session_id)
        except DirectoryError:
            log.info("directory_later", session=session_id)

    async def locate(self, session_id: str) -> Neighbour | None:
        """Return the gateway that has a session; None if it is here or nowhere.

        A session without a gateway is taken over. One that has ended is where it was, as long as
        its tokens read its record.

        Raises:
            ProtocolError: ``moved`` while nobody knows, ``overloaded`` or ``shutting_down`` if it
                cannot be taken over here.
        """
        try:
            found = await self._directory.find(session_id)
            if found is None:
                return await self._locate_ended(session_id)
            if found.entry.owner == self.gateway:
                return None
            if found.entry.owner:
                if there := await self._neighbour(found.entry.owner):
                    return there
                self._check_trusted()
            await self._take_over(found)
        except DirectoryError as error:
            raise ProtocolError(ErrorCode.MOVED, f"the directory is away: {error}") from None
        except OwnershipLostError:
            return await self.locate(session_id)
        return None

    async def locate_analysis(self, analysis_id: str) -> Neighbour | None:
        """Return the gateway that took a file; None if it is this one, or is gone.

        An analysis is named after its gateway (``<32 hex digits>-<gateway>``), and gone with it.

        Raises:
            ProtocolError: ``moved`` while nobody knows.
        """
        named = _ANALYSIS.fullmatch(analysis_id)
        if named is None or named[1] == self.gateway:
            return None
        try:
            there = await self._neighbour(named[1])
        except DirectoryError as error:
            raise ProtocolError(ErrorCode.MOVED, f"the directory is away: {error}") from None
        if there is None:
            self._check_trusted()
        return there

    async def hand_over(self) -> None:
        """Give every session to whichever gateway is asked for it next, as far as NATS answers."""
        if not self._answers:
            # It may be back, and empty.
            await self.renew()
        for session in self._sessions.all():
            await session.settle()
            entry = Entry("", session.snapshot(reserved=False), self._tokens(session))
            revision = self._revisions.pop(session.id, None)
            try:
                await self._directory.keep(entry, revision, owner=self.gateway)
            except DirectoryError as error:
                log.warning("not_handed_over", session=session.id, error=str(error))
                continue
            except OwnershipLostError:
                pass
            await self._sessions.end(session, MOVED)
            self._metrics.moved("handed_over")

    async def _keep_all(self, sessions: Iterable[Session]) -> None:
        here = {session.id: session for session in sessions}
        for gone in self._revisions.keys() - here.keys():
            await self._end(gone)
        for session in here.values():
            # One that has ended meanwhile must not come back.
            if self.has(session.id):
                await self._keep(session)

    async def _end(self, session_id: str) -> None:
        await self._directory.end(session_id, self.gateway)
        self._revisions.pop(session_id, None)

    async def _neighbour(self, gateway: str) -> Neighbour | None:
        """Return a gateway that lives, or None."""
        url = await self._directory.address(gateway)
        return Neighbour(gateway, url) if url else None

    async def _locate_ended(self, session_id: str) -> Neighbour | None:
        gateway = await self._directory.had(session_id)
        if gateway is None:
            # Whoever has it may not have said so again yet.
            self._check_trusted()
        if gateway in (None, self.gateway):
            return None
        return await self._neighbour(gateway)

    async def _keep(self, session: Session) -> None:
        entry = Entry(self.gateway, session.snapshot(reserved=True), self._tokens(session))
        try:
            revision = await self._directory.keep(
                entry, self._revisions.get(session.id), owner=self.gateway
            )
        except OwnershipLostError:
            self._revisions.pop(session.id, None)
            session.end(MOVED)
            self._metrics.moved("lost")
        else:
            self._revisions[session.id] = revision

    async def _take_over(self, found: Found) -> None:
        snapshot = found.entry.snapshot
        self._sessions.check_place()
        entry = Entry(self.gateway, snapshot, found.entry.tokens)
        revision = await self._directory.keep(entry, found.revision, owner=self.gateway)
        self._revisions[snapshot.session] = revision
        if snapshot.session in self._sessions:
            # Another request has been faster.
            return
        session = self._sessions.resume(snapshot, found.entry.tokens)
        self._metrics.moved("taken_over")
        log.info("session_taken_over", session=session.id)

    def _check_trusted(self) -> None:
        if not self._answers or self._now() < self._trusted_from:
            raise ProtocolError(ErrorCode.MOVED, "gateways are still coming back")

    def _tokens(self, session: Session) -> dict[str, Issued]:
        return self._sessions.tokens.of(session.id)
