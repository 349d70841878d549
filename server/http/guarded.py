"""What stands before every handler."""

from aiohttp import web

from esapr.protocol import limits
from esapr.server.config import ServerConfig
from esapr.server.gateway import Gateway
from esapr.server.http import cors, errors
from esapr.server.http.elsewhere import serving_all
from esapr.server.http.headers import guarding
from esapr.server.http.measured import measuring
from esapr.server.http.proxies import Proxies
from esapr.server.http.rates import Doorkeeper, limiting
from esapr.server.metrics import Metrics


def guarded(config: ServerConfig, metrics: Metrics, gateway: Gateway | None) -> web.Application:
    """Return an application without routes, and with everything that stands before a handler."""
    proxies = Proxies(config.trusted_proxies)
    internal_port = gateway.listener.getsockname()[1] if gateway else None
    doorkeeper = Doorkeeper(proxies, metrics, internal_port)
    middlewares = [
        measuring(metrics.http),
        errors.answering_errors(metrics),
        limiting(doorkeeper, metrics),
    ]
    if gateway:
        middlewares.append(serving_all(gateway.ownership, gateway.http))
    app = web.Application(middlewares=middlewares, client_max_size=limits.MAX_REQUEST_BYTES)
    app.on_response_prepare.append(guarding(proxies))
    app.on_response_prepare.append(cors.sharing_with(config.allowed_origins))
    return app
