"""A WebSocket reader (RFC 6455) that does as little as can be done a message.

A thousand readers share one process and a machine with the server they measure; a general client's
work for each message would be most of what is measured.
"""

import asyncio
import time
from base64 import b64encode
from os import urandom

from yarl import URL

from esapr.protocol import JSON_SUBPROTOCOL, TOKEN_PREFIX

_TEXT, _CLOSE, _PING, _PONG = 1, 8, 9, 10
HELLO = b'{"type":"hello","version":1}'


class Watcher(asyncio.Protocol):
    """Says hello to a feed and keeps every message with the time at which it came."""

    def __init__(self, url: URL, token: str) -> None:
        """Watch the feed at ``url`` (``http://host:port/path``)."""
        self._url = url
        self._token = token
        self._buffer = b""
        self._open = False
        self.frames: list[tuple[float, bytes]] = []
        """Arrival (seconds) and text of every message since the list was last taken."""
        self.closed = False
        self._greeted: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Ask for the WebSocket."""
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        head = (
            f"GET {self._url.raw_path_qs} HTTP/1.1\r\nHost: {self._url.authority}\r\n"
            "Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
            f"Sec-WebSocket-Key: {b64encode(urandom(16)).decode()}\r\n"
            f"Sec-WebSocket-Protocol: {JSON_SUBPROTOCOL}, {TOKEN_PREFIX}{self._token}\r\n\r\n"
        )
        transport.write(head.encode())

    def data_received(self, data: bytes) -> None:
        """Take in what has come."""
        now = time.monotonic()
        self._buffer += data
        if not self._open and not self._upgrade():
            return
        while (frame := self._frame()) is not None:
            opcode, payload = frame
            if opcode == _TEXT:
                self.frames.append((now, payload))
                if not self._greeted.done():
                    self._greeted.set_result(None)
            elif opcode == _PING:
                self._send(_PONG, payload)
            elif opcode == _CLOSE:
                self._transport.close()

    def connection_lost(self, _: Exception | None) -> None:
        """Note that nothing more will come."""
        self.closed = True
        if not self._greeted.done():
            self._greeted.set_exception(ConnectionError("the server refused the socket"))

    async def connect(self) -> None:
        """Connect and wait for the greeting.

        Raises:
            OSError: the server cannot be reached or refuses the socket.
        """
        loop = asyncio.get_running_loop()
        assert self._url.host
        assert self._url.port
        await loop.create_connection(lambda: self, self._url.host, self._url.port)
        await self._greeted

    def close(self) -> None:
        """Leave without a close frame."""
        self._transport.abort()

    def _upgrade(self) -> bool:
        head, end, rest = self._buffer.partition(b"\r\n\r\n")
        if not end:
            return False
        if b" 101 " not in head.partition(b"\r\n")[0]:
            self._transport.close()
            return False
        self._open, self._buffer = True, rest
        self._send(_TEXT, HELLO)
        return True

    def _frame(self) -> tuple[int, bytes] | None:
        """Remove one whole frame from the buffer; a server's are not masked."""
        buffer = self._buffer
        if len(buffer) < 2:
            return None
        size, start = buffer[1], 2
        if size == 126:
            start, size = 4, int.from_bytes(buffer[2:4])
        elif size == 127:
            start, size = 10, int.from_bytes(buffer[2:10])
        if len(buffer) < start + size:
            return None
        self._buffer = buffer[start + size :]
        return buffer[0] & 15, buffer[start : start + size]

    def _send(self, opcode: int, payload: bytes) -> None:
        # A mask of zeros is a mask (RFC 6455, section 5.3), if no secret one.
        self._transport.write(bytes((0x80 | opcode, 0x80 | len(payload), 0, 0, 0, 0)) + payload)
