"""Protocol errors as HTTP answers."""

from http import HTTPStatus
from uuid import uuid4

import msgspec
from aiohttp import web
from aiohttp.typedefs import Handler, Middleware

from esapr.protocol.errors import ErrorCode, ProtocolError
from esapr.protocol.requests import ErrorBody, ErrorDetail
from esapr.server.metrics import Metrics

RETRY_AFTER_SECONDS = 5


def error_response(error: ProtocolError) -> web.Response:
    """Return the answer for ``error``, with a request id that its log line would carry."""
    detail = ErrorDetail(
        code=error.code,
        message=error.message,
        retryable=error.code.retryable,
        request_id=uuid4().hex,
        field=error.field or msgspec.UNSET,
        rule=error.rule or msgspec.UNSET,
    )
    status = error.code.status
    headers = {}
    if status in (HTTPStatus.SERVICE_UNAVAILABLE, HTTPStatus.TOO_MANY_REQUESTS):
        headers["Retry-After"] = str(RETRY_AFTER_SECONDS)
    if status == HTTPStatus.UNAUTHORIZED:
        headers["WWW-Authenticate"] = "Bearer"
    return json_response(ErrorBody(detail), status, headers)


def json_response(
    body: object, status: HTTPStatus = HTTPStatus.OK, headers: dict[str, str] | None = None
) -> web.Response:
    """Return ``body`` as JSON."""
    return web.Response(
        body=msgspec.json.encode(body),
        status=status,
        headers=headers,
        content_type="application/json",
    )


def answering_errors(metrics: Metrics) -> Middleware:
    """Return a middleware that turns errors into JSON bodies with stable codes."""

    @web.middleware
    async def middleware(request: web.Request, handler: Handler) -> web.StreamResponse:
        try:
            return await handler(request)
        except ProtocolError as error:
            metrics.errors.labels(error.code).inc()
            return error_response(error)
        except web.HTTPNotFound:
            return error_response(ProtocolError(ErrorCode.NOT_FOUND, "there is no such page"))
        except web.HTTPBadRequest as error:
            return error_response(ProtocolError(ErrorCode.BAD_MESSAGE, error.text or "not HTTP"))
        except web.HTTPMethodNotAllowed as error:
            refusal = ProtocolError(
                ErrorCode.METHOD_NOT_ALLOWED, f"{request.method} is not defined here"
            )
            response = error_response(refusal)
            response.headers["Allow"] = error.headers["Allow"]
            return response
        except web.HTTPRequestEntityTooLarge:
            return error_response(ProtocolError(ErrorCode.MESSAGE_TOO_BIG, "the body is too big"))

    return middleware
