"""ICE below a peer connection: late candidates, and restarts (docs/decisions/0010)."""

import asyncio
from dataclasses import dataclass, field
from typing import Any
from uuid import uuid4

from aioice import Connection

from esapr.protocol.errors import ErrorCode, ProtocolError
from esapr.server.media.fragment import Credentials, Fragment, check_count, format_fragment

CONNECT_SECONDS = 30.0
"""How long a client may take to be connected: as long as consent to send lasts (RFC 7675)."""

LOOPBACK = ["127.0.0.1"]


@dataclass(frozen=True, slots=True)
class IceSession:
    """One ICE session and the entity tag that identifies it (RFC 9725, section 4.3.1)."""

    connection: Connection
    etag: str = field(default_factory=lambda: uuid4().hex)


class IceAgent:
    """The ICE sessions of one peer connection: the one in use and one that may replace it.

    aiortc cannot restart ICE. A restart therefore makes a second aioice connection beside the
    first one; when that is connected it takes the first one's place below DTLS, which does not
    notice.
    """

    def __init__(self, transport: Any, *, media: str, mid: str, loopback: bool) -> None:
        """Take over ``transport``, the peer connection's one ``RTCIceTransport``.

        ``media`` and ``mid`` are those of the section that its candidates belong to.
        """
        self._transport = transport
        self._media = media
        self._mid = mid
        self._loopback = loopback
        self._used = IceSession(transport._connection)
        self._next: IceSession | None = None
        self._asked = asyncio.Event()
        self._closed = False

    @property
    def etag(self) -> str:
        """The entity tag of the newest session."""
        return self._newest.etag

    @property
    def _newest(self) -> IceSession:
        return self._next or self._used

    def begins_restart(self, fragment: Fragment) -> bool:
        """Whether ``fragment`` carries other credentials than the newest session's."""
        connection = self._newest.connection
        return fragment.credentials is not None and fragment.credentials != Credentials(
            connection.remote_username or "", connection.remote_password or ""
        )

    async def add(self, fragment: Fragment) -> None:
        """Add candidates to the newest session; those after the last one are ignored.

        Raises:
            ProtocolError: ``too_many_candidates``.
        """
        await _add(self._newest.connection, fragment)

    async def restart(self, fragment: Fragment) -> tuple[str, str]:
        """Begin a new ICE session; return the fragment that answers, and its entity tag.

        Media goes on over the session in use until the new one is connected, and after that too
        if it never is.

        Raises:
            ProtocolError: ``too_many_candidates``, or ``ice_not_connected`` when there is no
                connected session to replace.
        """
        assert fragment.credentials is not None
        connection = Connection(ice_controlling=self._used.connection.ice_controlling)
        connection.remote_username = fragment.credentials.ufrag
        connection.remote_password = fragment.credentials.password
        if self._loopback:
            gather_on(connection, LOOPBACK)
        await _add(connection, fragment)
        await connection.gather_candidates()
        if self._closed or self._transport.state != "completed":
            await connection.close()
            raise ProtocolError(ErrorCode.ICE_NOT_CONNECTED, "there is no connection to restart")
        # What arrives over either session goes up to the same DTLS association.
        connection._queue = self._used.connection._queue
        session = IceSession(connection)
        superseded, self._next = self._next, session
        self._asked.set()
        if superseded:
            await _discard(superseded.connection)
        answer = format_fragment(
            Credentials(connection.local_username, connection.local_password),
            self._media,
            self._mid,
            connection.local_candidates,
        )
        return answer, session.etag

    async def run(self) -> None:
        """Connect the sessions that restarts ask for, until cancelled."""
        while True:
            await self._asked.wait()
            self._asked.clear()
            session = self._newest
            connected = await _connects(session.connection)
            if session is not self._next:
                continue  # a later restart has superseded and discarded it
            self._next = None
            if connected:
                await self._adopt(session)
            else:
                await _discard(session.connection)

    async def close(self) -> None:
        """Discard a session that is not connected yet; may be called more than once."""
        self._closed = True
        if self._next:
            await _discard(self._next.connection)

    async def _adopt(self, session: IceSession) -> None:
        """Put ``session`` in the place of the one in use, below DTLS."""
        old, new = self._used.connection, session.connection
        self._used = session
        new._event_waiter, old._event_waiter = old._event_waiter, None
        self._transport._connection = self._transport.iceGatherer._connection = new
        self._transport._recv, self._transport._send = new.recv, new.send
        await _discard(old)


async def _connects(connection: Connection) -> bool:
    try:
        async with asyncio.timeout(CONNECT_SECONDS):
            await connection.connect()
    except (ConnectionError, TimeoutError):
        return False
    return True


def gather_on(connection: Connection, addresses: list[str]) -> None:
    """Let ``connection`` offer ``addresses`` only.

    aioice leaves 127.0.0.1 out and has no option to bring it in; a server that binds loopback
    must not open UDP ports on other interfaces either.
    """
    gather = connection.get_component_candidates

    async def gather_here(component: int, *_: object, **__: object) -> Any:
        return await gather(component, addresses)

    connection.get_component_candidates = gather_here  # type: ignore[method-assign]


async def _add(connection: Connection, fragment: Fragment) -> None:
    check_count(len(connection.remote_candidates) + len(fragment.candidates))
    if connection._remote_candidates_end:
        return
    for candidate in fragment.candidates:
        await connection.add_remote_candidate(candidate)
    if fragment.complete:
        await connection.add_remote_candidate(None)


async def _discard(connection: Connection) -> None:
    # Closing ends the queue: DTLS must not take that for the end of the connection.
    connection._queue = asyncio.Queue()
    await connection.close()
