"""Rate limits of HTTP calls: of those that cost something, and of wrong keys and tokens."""

import asyncio
from hashlib import sha256
from math import ceil

from aiohttp import hdrs, web
from aiohttp.typedefs import Handler, Middleware

from esapr.protocol import limits
from esapr.protocol.errors import ErrorCode, ProtocolError
from esapr.protocol.routes import ROUTES
from esapr.protocol.staff import SIGN_IN, SIGN_IN_CALLBACK
from esapr.server.http.errors import error_response
from esapr.server.http.proxies import Proxies
from esapr.server.metrics import Metrics
from esapr.server.trust.rates import CallRates

_COSTLY = {
    (route.method, route.path)
    for route in ROUTES
    if route.method in (hdrs.METH_POST, hdrs.METH_PATCH)
    # The provider is asked each time.
    or route in (SIGN_IN, SIGN_IN_CALLBACK)
}
_LIMITED = _COSTLY | {
    (route.method, route.path) for route in ROUTES if route.token or route.key or route.staff
}
"""The others need no token and cost next to nothing: they are answered in any case."""


class Doorkeeper:
    """Says whether a request comes too early.

    Callers are the bearers of a key or token and the clients' addresses; requests from this machine
    itself, and from the other gateways, are not counted by address.
    """

    def __init__(self, proxies: Proxies, metrics: Metrics, internal_port: int | None) -> None:
        """Count what comes over every port but ``internal_port``, where gateways call."""
        self._proxies = proxies
        self._metrics = metrics
        self._internal_port = internal_port
        self._calls = CallRates(limits.CALLS_PER_SECOND, limits.CALL_BURST, limits.MAX_CALLERS)
        self._failures = CallRates(
            limits.FAILURES_PER_SECOND, limits.FAILURE_BURST, limits.MAX_CALLERS
        )

    def wait(self, request: web.Request, now: float) -> float:
        """Take a request at ``now`` and return 0, or after how many seconds it would be taken."""
        address = self._address(request)
        if address and (wait := self._failures.wait(address, now)):
            return wait
        if call_of(request) not in _COSTLY:
            return 0.0
        bearer = request.headers.get(hdrs.AUTHORIZATION)
        digests = [sha256(bearer.encode()).hexdigest()] if bearer else []
        callers = [*([address] if address else []), *digests]
        wait = max((self._calls.spend(caller, now) for caller in callers), default=0.0)
        self._count_forgotten()
        return wait

    def failed(self, request: web.Request, now: float) -> None:
        """Note that the request's key or token was missing or wrong."""
        if address := self._address(request):
            self._failures.spend(address, now)
            self._count_forgotten()

    def _address(self, request: web.Request) -> str | None:
        local = request.get_extra_info("sockname")
        if local and local[1] == self._internal_port:
            return None
        return self._proxies.client(request.remote, request.headers)

    def _count_forgotten(self) -> None:
        for rates in (self._calls, self._failures):
            if rates.forgotten:
                self._metrics.dropped("callers", "forgotten", rates.forgotten)
                rates.forgotten = 0


def call_of(request: web.Request) -> tuple[str, str]:
    """Return the method, GET for HEAD, and the path of a request's route; empty without one."""
    resource = request.match_info.route.resource
    method = hdrs.METH_GET if request.method == hdrs.METH_HEAD else request.method
    return method, resource.canonical if resource else ""


def limiting(doorkeeper: Doorkeeper, metrics: Metrics) -> Middleware:
    """Return a middleware that answers 429 with ``Retry-After`` to what comes too early."""

    @web.middleware
    async def middleware(request: web.Request, handler: Handler) -> web.StreamResponse:
        loop = asyncio.get_running_loop()
        if call_of(request) not in _LIMITED:
            return await handler(request)
        if wait := doorkeeper.wait(request, loop.time()):
            metrics.errors.labels(ErrorCode.RATE_LIMITED).inc()
            refused = error_response(ProtocolError(ErrorCode.RATE_LIMITED, "too many calls"))
            refused.headers[hdrs.RETRY_AFTER] = str(ceil(wait))
            return refused
        try:
            return await handler(request)
        except ProtocolError as error:
            if error.code is ErrorCode.TOKEN_INVALID:
                doorkeeper.failed(request, loop.time())
            raise

    return middleware
