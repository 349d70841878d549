"""TCP connections: how many there are, how long a request may take to come, and broken ones."""

import asyncio
import socket

import structlog
from aiohttp import hdrs, web
from aiohttp.web_protocol import RequestHandler

from esapr.protocol.errors import ErrorCode, ProtocolError
from esapr.server.http.errors import error_response
from esapr.server.http.headers import DATA_POLICY
from esapr.server.metrics import Metrics

log = structlog.get_logger()

IDLE_SECONDS = 75.0
"""How long a connection may take to bring the head of its next request, of its first one too; a
little longer than reverse proxies keep theirs (nginx: 60 s)."""

LINGER_SECONDS = 1.0
"""How long the rest of a refused body is read and thrown away: a socket closed over unread data is
reset, and the answer with it."""

_QUIET = {
    hdrs.SERVER: "ESAPR",
    hdrs.CACHE_CONTROL: "no-store",
    "Content-Security-Policy": DATA_POLICY,
    "X-Content-Type-Options": "nosniff",
}


class HttpConnection(RequestHandler):
    """A connection whose errors say no more than those of the handlers.

    aiohttp logs what it could not parse, and a line that it cannot parse may hold a token; its own
    answers name its version.
    """

    def handle_error(
        self,
        request: web.BaseRequest,
        status: int = 500,
        exc: BaseException | None = None,
        message: str | None = None,
    ) -> web.StreamResponse:
        """Return the answer to a request that is not HTTP, or whose handler failed."""
        if request.writer.output_size > 0:
            raise ConnectionError("an answer has begun already")
        if status == ErrorCode.BAD_MESSAGE.status:
            error = ProtocolError(ErrorCode.BAD_MESSAGE, "not HTTP, or not to be read")
        else:
            # A client that is gone, as whoever cancels an upload is, is no fault of the server.
            if not isinstance(exc, ConnectionResetError):
                log.error("request_failed", error=type(exc).__name__, exc_info=exc)
            error = ProtocolError(ErrorCode.INTERNAL, "the server failed")
        response = error_response(error)
        response.headers.update(_QUIET)
        response.force_close()
        return response


class _Refused(asyncio.Protocol):
    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        transport.close()


class Site(web.BaseSite):
    """Accepts connections on a socket, ``most`` of the runner's at a time."""

    def __init__(
        self, runner: web.BaseRunner, listener: socket.socket, most: int, metrics: Metrics
    ) -> None:
        """Accept on ``listener`` once started; a connection over ``most`` is closed and counted."""
        super().__init__(runner)
        self._listener = listener
        self._most = most
        self._metrics = metrics

    @property
    def name(self) -> str:
        """The address, as a URL."""
        host, port = self._listener.getsockname()[:2]
        return f"http://{host}:{port}"

    async def start(self) -> None:
        """Begin to accept."""
        await super().start()
        loop = asyncio.get_running_loop()
        self._server = await loop.create_server(
            self._connection, sock=self._listener, backlog=self._backlog
        )

    def _connection(self) -> asyncio.Protocol:
        server = self._runner.server
        assert server is not None
        if len(server.connections) >= self._most:
            self._metrics.dropped("connections", "full", 1)
            return _Refused()
        return HttpConnection(
            server,
            loop=asyncio.get_running_loop(),
            keepalive_timeout=IDLE_SECONDS,
            lingering_time=LINGER_SECONDS,
            auto_decompress=False,
            # Addresses carry tokens where a client can send no header.
            access_log=None,  # type: ignore[arg-type]  # its default's type leaves None out
        )
