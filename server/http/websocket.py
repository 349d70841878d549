"""A WebSocket that has the last word before it closes."""

from aiohttp import WebSocketError, WSCloseCode, web

from esapr.protocol import limits
from esapr.protocol.errors import CloseCode, ErrorCode, ProtocolError

_BROKEN = (WSCloseCode.PROTOCOL_ERROR, WSCloseCode.INVALID_TEXT, WSCloseCode.MESSAGE_TOO_BIG)


class WebSocket(web.WebSocketResponse):
    """Stays open for writing after a frame that cannot be read.

    aiohttp closes such a socket from within ``receive()``, before anything can be said about it.
    Here ``receive()`` still answers with the error and nothing more can be read; what the client
    goes on sending is thrown away. The owner calls :meth:`finish`.
    """

    broken = False
    """Whether a frame could not be read."""

    async def close(
        self, *, code: int = WSCloseCode.OK, message: bytes = b"", drain: bool = True
    ) -> bool:
        """Close the socket, unless it is ``receive()`` that asks for it because of a frame."""
        if code in _BROKEN:
            self.broken = True
            return False
        return await super().close(code=code, message=message, drain=drain)

    async def finish(self, code: int) -> None:
        """Close the socket with ``code``."""
        await super().close(code=code)


def broken_frame(error: WebSocketError) -> ProtocolError:
    """Return what to say of a frame that breaks RFC 6455 or is too big to be read."""
    if error.code == CloseCode.TOO_BIG:
        most = f"at most {limits.MAX_MESSAGE_BYTES} bytes a message"
        return ProtocolError(ErrorCode.MESSAGE_TOO_BIG, most, None, CloseCode.TOO_BIG)
    return ProtocolError(ErrorCode.BAD_MESSAGE, str(error), None, CloseCode.BAD_MESSAGE)
