"""Where staff come in: at a provider, or at the machine of a server that serves nobody else."""

from aiohttp import web

from esapr.server.http import sign_in, staff
from esapr.server.http.keys import CONFIG, PROVIDER, SIGNED_OUT, STORE
from esapr.server.http.staff_access import renewing
from esapr.server.trust.provider import Provider
from esapr.server.trust.signed_out import SignedOutFile


def routes(app: web.Application, provider: Provider | None) -> list[web.RouteDef]:
    """Return the routes of staff, who sign in at ``provider``; what they need is put into ``app``.

    There are none where nobody signs in and others than this machine are served.
    """
    config = app[CONFIG]
    if provider is None:
        return staff.routes(records=STORE in app) if config.loopback else []
    app[PROVIDER] = provider
    app[SIGNED_OUT] = SignedOutFile(config.state_folder / "signed_out.json")
    app.middlewares.append(renewing)
    return [*sign_in.routes(), *staff.routes(records=STORE in app)]
