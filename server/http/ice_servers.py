"""STUN and TURN servers for clients, with credentials that run out. No asyncio, no clock."""

from base64 import b64encode
from collections.abc import Iterable
from datetime import datetime, timedelta
from hmac import digest

from esapr.protocol.requests import IceServer
from esapr.server.config import ServerConfig

CREDENTIAL_LIFETIME = timedelta(hours=12)
"""How long after they are made credentials can be used to allocate a relay."""


def ice_servers(config: ServerConfig, user: str, now: datetime) -> list[IceServer]:
    """Return what a client may use; ``user`` appears in the TURN servers' logs, ``now`` has a zone.

    The credentials are those of the TURN REST API (draft-uberti-behave-turn-rest-00), which
    coturn calls ``use-auth-secret``: no request to the TURN server is needed to make them.
    """
    servers = [IceServer([url]) for url in config.stun_urls]
    if config.turn_urls and config.turn_secret:
        username = f"{int((now + CREDENTIAL_LIFETIME).timestamp())}:{user}"
        credential = b64encode(digest(config.turn_secret.encode(), username.encode(), "sha1"))
        servers.append(IceServer(list(config.turn_urls), username, credential.decode()))
    return servers


def links(servers: Iterable[IceServer]) -> list[str]:
    """Return one ``Link`` header field a URL (RFC 9725, section 4.6)."""
    found = []
    for server in servers:
        attributes = ['rel="ice-server"']
        if server.username:
            attributes += [
                f'username="{server.username}"',
                f'credential="{server.credential}"',
                'credential-type="password"',
            ]
        found += ["; ".join([f"<{url}>", *attributes]) for url in server.urls]
    return found
