"""An ICE restart on the peer's side: what a browser does whose address has changed.

aiortc cannot restart ICE, so a second aioice connection takes the first one's place below DTLS, as
in the server (docs/decisions/0010).
"""

import asyncio
import re
from collections.abc import Awaitable, Callable
from typing import Any

from aioice import Candidate, Connection

_FIRST_SECTION = re.compile(r"^m=(?P<kind>\w+) .*?^a=mid:(?P<mid>\S+)", re.MULTILINE | re.DOTALL)
_FRAGMENT = re.compile(
    r"^a=(?:ice-ufrag:(?P<ufrag>\S+)|ice-pwd:(?P<password>\S+)|candidate:(?P<candidate>.*\S))\s*$",
    re.MULTILINE,
)


class RestartError(Exception):
    """ICE could not be restarted; media goes on as before, if it can."""


async def restart(
    transport: Any, connection: Connection, offer: str, exchange: Callable[[str], Awaitable[str]]
) -> None:
    """Replace the ICE session of ``transport``, aiortc's ``RTCIceTransport``, by ``connection``.

    ``offer`` is the SDP that the peer connection began with; ``exchange`` carries a fragment (RFC
    8840) to the server and brings its answer back.

    Raises:
        RestartError: the answer cannot be used, or the new session does not connect.
    """
    old = transport._connection
    await connection.gather_candidates()
    answer = await exchange(_fragment(connection, offer))
    # What arrives over either session goes up to the same DTLS association.
    connection._queue = old._queue
    try:
        await _take(connection, answer)
        await connection.connect()
    except (ConnectionError, ValueError) as error:
        await _discard(connection)
        raise RestartError(f"ICE cannot be restarted: {error}") from error
    connection._event_waiter, old._event_waiter = old._event_waiter, None
    transport._connection = transport.iceGatherer._connection = connection
    transport._recv, transport._send = connection.recv, connection.send
    await _discard(old)


def _fragment(connection: Connection, offer: str) -> str:
    section = _FIRST_SECTION.search(offer)
    assert section is not None
    lines = [
        f"a=ice-ufrag:{connection.local_username}",
        f"a=ice-pwd:{connection.local_password}",
        f"m={section['kind']} 9 RTP/AVP 0",
        f"a=mid:{section['mid']}",
        *(f"a=candidate:{candidate.to_sdp()}" for candidate in connection.local_candidates),
        "a=end-of-candidates",
    ]
    return "".join(f"{line}\r\n" for line in lines)


async def _take(connection: Connection, answer: str) -> None:
    """Tell ``connection`` where the other side is.

    Raises:
        ValueError: the answer has no credentials, or a malformed candidate.
    """
    for found in _FRAGMENT.finditer(answer):
        if found["ufrag"]:
            connection.remote_username = found["ufrag"]
        elif found["password"]:
            connection.remote_password = found["password"]
        else:
            await connection.add_remote_candidate(Candidate.from_sdp(found["candidate"]))
    if not connection.remote_username or not connection.remote_password:
        raise ValueError("the answer has no ICE credentials")
    await connection.add_remote_candidate(None)


async def _discard(connection: Connection) -> None:
    # Closing ends the queue: DTLS must not take that for the end of the connection.
    connection._queue = asyncio.Queue()
    await connection.close()
