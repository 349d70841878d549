"""Which sessions there are: admission at the door, and the bulkhead around each of them."""

import asyncio

import structlog
from msgspec import UNSET

from esapr.protocol.errors import ErrorCode, ProtocolError
from esapr.protocol.requests import SessionRequest
from esapr.server.config import ServerConfig
from esapr.server.metrics import Metrics
from esapr.server.pipeline import Pipeline
from esapr.server.sessions.endings import SHUTDOWN, Ending
from esapr.server.sessions.rooms import Rooms
from esapr.server.sessions.session import Session
from esapr.server.trust.tokens import Tokens

log = structlog.get_logger()


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
    ) -> None:
        """Run sessions in ``group``; each joins one of ``rooms``."""
        self._group = group
        self._config = config
        self._pipeline = pipeline
        self._metrics = metrics
        self.rooms = rooms
        self.tokens = tokens
        self._open: dict[str, tuple[Session, asyncio.Task[None]]] = {}
        self._stopping = False

    def create(self, request: SessionRequest) -> Session:
        """Admit a session and start it. Check and entry are one step: no await lies between.

        Raises:
            ProtocolError: ``consent_required``, ``overloaded``, ``room_full`` or
                ``shutting_down``.
        """
        if not request.consent:
            raise ProtocolError(
                ErrorCode.CONSENT_REQUIRED, "a session needs a consent receipt", "consent"
            )
        if self._stopping:
            raise ProtocolError(ErrorCode.SHUTTING_DOWN, "the server is stopping")
        if len(self._open) >= self._config.max_sessions:
            raise ProtocolError(
                ErrorCode.OVERLOADED, f"at most {self._config.max_sessions} sessions at a time"
            )
        if request.room is not UNSET:
            self.rooms.check_place(request.room)
        session = Session(request, self._config, self._pipeline, self._metrics, self.rooms.publish)
        self.rooms.join(session.room, session.member(), session.set_muted)
        task = self._group.create_task(self._run(session), name=f"session {session.id}")
        self._open[session.id] = (session, task)
        self._metrics.sessions.set(len(self._open))
        return session

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

    async def close(self) -> None:
        """Admit no more sessions and end those that are open, with 1001."""
        self._stopping = True
        self.rooms.stop()
        tasks = [task for _, task in self._open.values()]
        for session, _ in list(self._open.values()):
            session.end(SHUTDOWN)
        if tasks:
            await asyncio.wait(tasks)

    async def _run(self, session: Session) -> None:
        log.info("session_opened", session=session.id)
        try:
            await session.run()
        except Exception as error:
            # The bulkhead: whatever breaks one session ends that session only.
            self._metrics.errors.labels(ErrorCode.INTERNAL).inc()
            log.exception("session_failed", session=session.id, error=type(error).__name__)
            session.fail()
        finally:
            del self._open[session.id]
            if self.rooms.leave(session.room, session.id, session.ended):
                self.tokens.forget(session.room)
            self._metrics.sessions.set(len(self._open))
            log.info("session_closed", session=session.id)
