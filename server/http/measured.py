"""Counts calls: their routes, how they were answered and how long they took."""

import asyncio

from aiohttp import web
from aiohttp.typedefs import Handler, Middleware

from esapr.server.http.rates import call_of
from esapr.server.metrics.edge import HttpMetrics


def measuring(metrics: HttpMetrics) -> Middleware:
    """Return a middleware that counts every call; it stands before all others."""

    @web.middleware
    async def middleware(request: web.Request, handler: Handler) -> web.StreamResponse:
        loop = asyncio.get_running_loop()
        began = loop.time()
        # What passes through unnamed is answered with 500.
        status: int | None = 500
        try:
            response = await handler(request)
            status = response.status
            return response
        except web.HTTPException as error:
            status = error.status
            raise
        except ConnectionResetError:
            status = None
            raise
        finally:
            _, route = call_of(request)
            metrics.answered(route, request.method, status, loop.time() - began)

    return middleware
