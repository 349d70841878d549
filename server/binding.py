"""Where a server listens."""

import socket
from contextlib import AbstractContextManager, nullcontext

from esapr.server.config import ServerConfig
from esapr.server.trust.key_file import check_keys


def bind(config: ServerConfig) -> socket.socket:
    """Return a socket that listens, where the server may be reached.

    Bound before any task starts, so that failing is simple.

    Raises:
        OSError: the address is unknown or the port is taken.
        TrustError: the address is not loopback and there is no server key.
    """
    check_keys(config)
    found = socket.getaddrinfo(config.host, config.port, type=socket.SOCK_STREAM)
    family, _, _, _, address = found[0]
    return socket.create_server(address[:2], family=family, reuse_port=config.reuse_port)


def bind_internal(config: ServerConfig) -> AbstractContextManager[socket.socket | None]:
    """Return a socket that listens where other gateways reach this one, if there are others.

    Raises:
        OSError: as :func:`bind`.
    """
    if config.bus == "local":
        return nullcontext()
    return socket.create_server((config.internal_host, config.internal_port))
