"""Which sessions there are: admission at the door, and the bulkhead around each of them."""

import asyncio
from collections.abc import Mapping
from contextlib import suppress
from typing import Protocol
from uuid import uuid4

import structlog
from msgspec import UNSET

from esapr.inference.fusion import FusionConfig
from esapr.protocol import limits
from esapr.protocol.errors import ErrorCode, ProtocolError
from esapr.protocol.messages import State
from esapr.protocol.requests import SessionRequest
from esapr.server.config import ServerConfig
from esapr.server.metrics import Metrics
from esapr.server.pipeline import Pipeline
from esapr.server.records.recorder import Recorder
from esapr.server.records.rows import Closing
from esapr.server.sessions.account import account
from esapr.server.sessions.dictation import check_transcribing
from esapr.server.sessions.endings import FAILED, MOVED, REVOKED, SHUTDOWN, Ending
from esapr.server.sessions.host import Host
from esapr.server.sessions.recording import facts
from esapr.server.sessions.room import room_name
from esapr.server.sessions.rooms import Rooms
from esapr.server.sessions.session import Session
from esapr.server.sessions.snapshot import Snapshot
from esapr.server.support.aftercare import Aftercare
from esapr.server.support.help_lines import HelpLines
from esapr.server.transcription import Transcriber
from esapr.server.trust.baselines import Baselines
from esapr.server.trust.opening import Trust
from esapr.server.trust.tokens import Issued, Tokens, unix_time

log = structlog.get_logger()


class Owner(Protocol):
    """Knows whether the sessions of this gateway are its own."""

    def holds(self) -> bool:
        """Return whether the sessions here are certainly still this gateway's."""

    async def keep(self, session: Session) -> None:
        """Let other gateways know of a session that has just changed."""

    async def leave(self, session_id: str) -> None:
        """Let other gateways know that a session has ended here."""


class Alone:
    """The owner where there is no other gateway."""

    def holds(self) -> bool:
        """Return True."""
        return True

    async def keep(self, session: Session) -> None:
        """Tell nobody."""

    async def leave(self, session_id: str) -> None:
        """Tell nobody."""


class Sessions:
    """Every open session by id, each a task of the server's TaskGroup."""

    def __init__(
        self,
        group: asyncio.TaskGroup,
        config: ServerConfig,
        pipeline: Pipeline,
        metrics: Metrics,
        *,
        rooms: Rooms,
        tokens: Tokens,
        trust: Trust,
        recorder: Recorder,
        help_lines: HelpLines,
        fusion: FusionConfig,
        transcriber: Transcriber | None = None,
    ) -> None:
        """Run sessions in ``group``; each joins one of ``rooms`` and is kept by ``recorder``."""
        self._group = group
        self._config = config
        self.pipeline = pipeline
        self.metrics = metrics
        metrics.sessions_limit.set(config.max_sessions)
        self.rooms = rooms
        self.tokens = tokens
        self._trust = trust
        self.ended = Tokens()
        """Those of sessions that have ended: for what is kept of them, and nothing else."""
        self.recorder = recorder
        self.help_lines = help_lines
        self.fusion = fusion
        self.transcriber = transcriber
        self.aftercare: dict[str, Aftercare] = {}
        """What sessions leave, for as long as their tokens read it."""
        self._open: dict[str, tuple[Session, asyncio.Task[None]]] = {}
        self.owner: Owner = Alone()
        """Speaks for this gateway among others."""
        self.stopping = False
        """Whether nobody is admitted any more."""

    def create(self, request: SessionRequest, holder: str = "") -> Session:
        """Start a session for the ``holder`` of a key, if there is a place for it.

        The gate has let it in.

        Check and entry are one step: no await lies between.

        Raises:
            ProtocolError: ``overloaded``, ``room_full``, ``shutting_down``, or ``config_invalid``
                where the server writes no speech down.
        """
        self.check_place()
        check_transcribing(request, self.transcriber)
        if request.room is not UNSET:
            self.rooms.check_place(room_name(holder, request.room))
        return self._start(request, holder, None)

    def resume(self, snapshot: Snapshot, tokens: Mapping[str, Issued]) -> Session:
        """Go on with a session that another gateway had, after :meth:`check_place`."""
        session = self._start(snapshot.request, snapshot.holder, snapshot)
        self.tokens.adopt(tokens)
        for item in self.rooms.history(session.room, session.id).since(-1):
            # The one that had it may have died before these were written.
            if isinstance(item.message, State):
                self.recorder.put(session.id, item.message)
        return session

    def check_place(self) -> None:
        """Check that one more session can be admitted.

        Raises:
            ProtocolError: ``overloaded`` or ``shutting_down``.
        """
        if self.stopping:
            raise ProtocolError(ErrorCode.SHUTTING_DOWN, "the server is stopping")
        if len(self._open) >= self._config.max_sessions:
            raise ProtocolError(
                ErrorCode.OVERLOADED, f"at most {self._config.max_sessions} sessions at a time"
            )

    def __contains__(self, session_id: object) -> bool:
        """Return whether a session is open here."""
        return session_id in self._open

    def all(self) -> list[Session]:
        """Return every open session."""
        return [session for session, _ in self._open.values()]

    def get(self, session_id: str) -> Session:
        """Return an open session.

        Raises:
            ProtocolError: ``not_found``.
        """
        if session_id not in self._open:
            raise ProtocolError(ErrorCode.NOT_FOUND, "there is no such session")
        return self._open[session_id][0]

    async def end(self, session: Session, ending: Ending) -> None:
        """End a session and wait until its tasks are gone."""
        _, task = self._open[session.id]
        session.end(ending)
        await asyncio.wait([task])

    async def close(self, *, handed_over: bool = False) -> None:
        """Admit no more sessions and end those that are open, with 1001.

        Rooms go on elsewhere if sessions were handed over.
        """
        self.stopping = True
        self.rooms.stop(MOVED if handed_over else SHUTDOWN)
        tasks = [task for _, task in self._open.values()]
        for session, _ in list(self._open.values()):
            session.end(SHUTDOWN)
        if tasks:
            await asyncio.wait(tasks)

    def forget(self, session_id: str) -> None:
        """Forget what a session has left."""
        self.aftercare.pop(session_id, None)

    def _leave(self, session: Session) -> None:
        totals, closed_ms = session.info().totals, round(unix_time() * 1000)
        self.recorder.closed(Closing(session.id, closed_ms, session.ended.reason, totals))
        self.ended.adopt(self.tokens.of(session.id))
        loop = asyncio.get_running_loop()
        loop.call_later(limits.REPORT_SECONDS, self.ended.release, session.id)
        loop.call_later(limits.REPORT_SECONDS, self.forget, session.id)
        if self.rooms.leave(session.room, session.id, session.ended):
            self.tokens.forget(session.room)

    def _start(self, request: SessionRequest, holder: str, snapshot: Snapshot | None) -> Session:
        host = Host(
            config=self._config,
            pipeline=self.pipeline,
            metrics=self.metrics,
            notices=self._trust.gate.notices,
            publish=self.rooms.publish,
            owned=self.owner.holds,
            recorder=self.recorder,
            help_lines=self.help_lines,
            aftercare=self.aftercare,
            fusion=self.fusion,
            baselines=Baselines(self._trust.signing, self.pipeline.versions),
            transcriber=self.transcriber,
        )
        session = Session(snapshot.session if snapshot else uuid4().hex, request, host, holder)
        if snapshot:
            session.go_on(snapshot, self.rooms.history(session.room, session.id))
        known = facts(session.snapshot(reserved=False), session.room, session.models)
        if known:
            self.recorder.opened(known)
        self.rooms.join(session.room, session.presence.member(), session.presence.set_muted)
        task = self._group.create_task(self._run(session), name=f"session {session.id}")
        self._open[session.id] = (session, task)
        self.metrics.sessions.set(len(self._open))
        return session

    async def _run(self, session: Session) -> None:
        log.info("session_opened", session=session.id)
        try:
            await session.run()
            if session.ended.reason == REVOKED:
                await self._note_revoked(session)
            session.dismiss()
        except Exception as error:
            # The bulkhead: whatever breaks one session ends that session only.
            self.metrics.errors.labels(ErrorCode.INTERNAL).inc()
            log.exception("session_failed", session=session.id, error=type(error).__name__)
            session.end(FAILED)
            session.dismiss()
        finally:
            del self._open[session.id]
            if session.ended is MOVED:
                self.rooms.release(session.room, session.id)
                self.tokens.release(session.id)
                self.forget(session.id)
            else:
                self._leave(session)
            self.metrics.sessions.set(len(self._open))
            self.metrics.ended.labels(session.ended.reason).inc()
            log.info("session_closed", **account(session))
        if session.ended is not MOVED:
            await self.owner.leave(session.id)

    async def _note_revoked(self, session: Session) -> None:
        """Write down that consent was revoked, and have erased what it covered.

        The session has ended in any case: a disk that takes no line has said so in the log.
        """
        actor = session.ended.actor
        self.forget(session.id)
        with suppress(ProtocolError):
            await self._trust.audit.write("consent.revoked", actor=actor, session=session.id)
        with suppress(ProtocolError):
            await self.recorder.erase(session.id, actor, revoked=True)
