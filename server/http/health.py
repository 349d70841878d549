"""Health, readiness, metrics and the installed models."""

from http import HTTPStatus

from aiohttp import hdrs, web

from esapr.protocol import routes as calls
from esapr.protocol.answers import Health
from esapr.protocol.requests import ModelInfo
from esapr.server.http.errors import json_response
from esapr.server.http.keys import METRICS, PIPELINE, READY
from esapr.server.http.routing import bind


def routes() -> list[web.RouteDef]:
    """Return the routes."""
    return [
        bind(calls.GET_HEALTH, get_health),
        bind(calls.GET_READINESS, get_ready),
        bind(calls.GET_METRICS, get_metrics),
        bind(calls.LIST_MODELS, get_models),
    ]


async def get_health(_: web.Request) -> web.Response:
    """Answer: the process serves."""
    return json_response(Health("ok"))


async def get_ready(request: web.Request) -> web.Response:
    """Answer 200 once every batch bucket is warm, and until the server begins to stop."""
    if request.app[READY].is_set():
        return json_response(Health("ready"))
    return json_response(Health("warming_up"), HTTPStatus.SERVICE_UNAVAILABLE)


async def get_metrics(request: web.Request) -> web.Response:
    """Answer in Prometheus' text format, or in OpenMetrics, which has exemplars."""
    metrics = request.app[METRICS]
    metrics.ready.set(request.app[READY].is_set())
    for model, count in request.app[PIPELINE].pending().items():
        metrics.waiting(model, count)
    for device, up in request.app[PIPELINE].devices().items():
        metrics.batches.device_up.labels(device).set(up)
    body, content_type = metrics.exposition(request.headers.get(hdrs.ACCEPT, ""))
    return web.Response(body=body, headers={hdrs.CONTENT_TYPE: content_type})


async def get_models(request: web.Request) -> web.Response:
    """Answer with the card of every model in use."""
    return json_response(models_in_use(request.app))


def models_in_use(app: web.Application) -> list[ModelInfo]:
    """Return the card of every model that the server runs."""
    return [
        ModelInfo(
            name=card.name,
            version=card.version,
            task=card.task,
            sha256=card.sha256,
            licence=card.licence,
            commercial_use=card.commercial_use,
        )
        for card in app[PIPELINE].cards.values()
    ]
