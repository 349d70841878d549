"""A subscriber of the feed: server messages as an async iterator."""

import aiohttp
import msgspec

from esapr.protocol.codec import Format, decode_server, encode
from esapr.protocol.messages import ClientMessage, ServerMessage


class Subscriber:
    """One open feed socket. Iteration ends when the server closes it."""

    def __init__(self, socket: aiohttp.ClientWebSocketResponse, form: Format) -> None:
        """Read and write ``socket`` in the negotiated ``form``."""
        self._socket = socket
        self._form = form
        self.unknown = 0
        """Messages of types that this version does not know; the protocol says: ignore them."""
        self.close_code: int | None = None
        """Close code that the server gave, once it has."""

    async def send(self, message: ClientMessage) -> None:
        """Send one message."""
        data = encode(message, self._form)
        if self._form is Format.JSON:
            await self._socket.send_str(data.decode())
        else:
            await self._socket.send_bytes(data)

    def __aiter__(self) -> "Subscriber":
        """Iterate over the messages that are still to come."""
        return self

    async def __anext__(self) -> ServerMessage:
        """Return the next message that this version knows."""
        while True:
            frame = await self._socket.receive()
            if frame.type not in (aiohttp.WSMsgType.TEXT, aiohttp.WSMsgType.BINARY):
                # aiohttp's own answers 1006 where the connection is gone before this is read.
                closed = frame.type is aiohttp.WSMsgType.CLOSE
                self.close_code = frame.data if closed else self._socket.close_code
                raise StopAsyncIteration
            data = frame.data.encode() if isinstance(frame.data, str) else frame.data
            try:
                return decode_server(data, self._form)
            except msgspec.ValidationError:
                self.unknown += 1
