"""The reverse proxies of ``docker/proxies``, run as they are but for ports, names and places."""

import asyncio
import os
import socket
import ssl
from asyncio.subprocess import DEVNULL
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import aiohttp
from aiohttp.abc import AbstractResolver, ResolveResult
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from tests.programs import program

FOLDER = Path(__file__).parents[2] / "docker/proxies"
NAME = "esapr.example"
"""What the files call the server."""

_NGINX = """
daemon off;
pid {folder}/pid;
error_log stderr;
events {{}}
http {{
    {temporary}
    include {folder}/upstream.conf;
    include {folder}/site.conf;
}}
"""
_TEMPORARY = ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
_CADDY = "{{\n\tadmin off\n\thttp_port {http}\n\tskip_install_trust\n}}\n"


@dataclass(frozen=True)
class Proxy:
    """A running proxy: its ports, and who vouches for it."""

    http: int
    https: int
    trust: ssl.SSLContext
    log: Path

    @property
    def url(self) -> str:
        """Address under the name of the files; :func:`at` resolves it."""
        return f"https://{NAME}:{self.https}"


class _Resolver(AbstractResolver):
    """Every name is one address."""

    def __init__(self, address: str) -> None:
        self._address = address

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        return [
            ResolveResult(
                hostname=host,
                host=self._address,
                port=port,
                family=socket.AF_INET,
                proto=0,
                flags=socket.AI_NUMERICHOST,
            )
        ]

    async def close(self) -> None:
        pass


def at(proxy: Proxy, address: str = "127.0.0.1") -> aiohttp.ClientSession:
    """A client of the proxy that calls it by its name and reaches it at ``address``."""
    connector = aiohttp.TCPConnector(
        ssl=proxy.trust, resolver=_Resolver(address), force_close=True, use_dns_cache=False
    )
    return aiohttp.ClientSession(proxy.url, connector=connector)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("", 0))
        port: int = probe.getsockname()[1]
        return port


def certificate(folder: Path) -> tuple[Path, Path, ssl.SSLContext]:
    """Make a certificate for :data:`NAME`: the files of chain and key, and trust in it."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, NAME)])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - timedelta(hours=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(NAME)]), critical=False)
        .sign(key, hashes.SHA256())
    )
    chain, private = folder / "fullchain.pem", folder / "privkey.pem"
    chain.write_bytes(made.public_bytes(serialization.Encoding.PEM))
    private.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )
    return chain, private, ssl.create_default_context(cafile=str(chain))


@asynccontextmanager
async def nginx(
    folder: Path, servers: dict[str, int], upstream: str = "upstream.conf"
) -> AsyncIterator[Proxy]:
    """Run nginx before ``servers``: which port stands for each address in ``upstream``."""
    command = program("nginx", "nginx-light")
    chain, key, trust = certificate(folder)
    proxy = Proxy(free_port(), free_port(), trust, folder / "access.log")
    temporary = " ".join(f"{each}_temp_path {folder}/{each};" for each in _TEMPORARY)
    (folder / "nginx.conf").write_text(_NGINX.format(folder=folder, temporary=temporary))
    found = (FOLDER / upstream).read_text(encoding="utf-8")
    (folder / "upstream.conf").write_text(
        _replaced(found, {name: f"127.0.0.1:{port}" for name, port in servers.items()})
    )
    places = {
        "listen 80": f"listen {proxy.http}",
        "listen 443": f"listen {proxy.https}",
        "/etc/ssl/esapr/fullchain.pem": str(chain),
        "/etc/ssl/esapr/privkey.pem": str(key),
        "/var/log/nginx": str(folder),
    }
    site = (FOLDER / "nginx.conf").read_text(encoding="utf-8")
    (folder / "site.conf").write_text(_replaced(site, places))
    async with _running(proxy, command, "-p", folder, "-c", folder / "nginx.conf"):
        yield proxy


@asynccontextmanager
async def caddy(folder: Path, port: int) -> AsyncIterator[Proxy]:
    """Run Caddy before the server at ``port``."""
    command = program("caddy", "caddy")
    chain, key, trust = certificate(folder)
    proxy = Proxy(free_port(), free_port(), trust, folder / "access.log")
    places = {
        f"{NAME} {{": f"https://{NAME}:{proxy.https} {{\n\ttls {chain} {key}",
        "127.0.0.1:8000": f"127.0.0.1:{port}",
    }
    site = (FOLDER / "Caddyfile").read_text(encoding="utf-8")
    file = folder / "Caddyfile"
    file.write_text(_CADDY.format(http=proxy.http) + _replaced(site, places))
    async with _running(proxy, command, "run", "--config", file, home=folder):
        yield proxy


def _replaced(text: str, places: dict[str, str]) -> str:
    for old, new in places.items():
        assert old in text, old
        text = text.replace(old, new)
    return text


@asynccontextmanager
async def _running(
    proxy: Proxy, *command: str | Path, home: Path | None = None
) -> AsyncIterator[None]:
    environment = dict(os.environ)
    if home:
        environment |= {"HOME": str(home), "XDG_DATA_HOME": str(home), "XDG_CONFIG_HOME": str(home)}
    process = await asyncio.create_subprocess_exec(
        *command, env=environment, stdout=DEVNULL, stderr=DEVNULL
    )
    try:
        async with asyncio.timeout(30):
            while not await _listens(proxy.https):
                assert process.returncode is None, process.returncode
                await asyncio.sleep(0.05)
        yield
    finally:
        if process.returncode is None:
            process.terminate()
        await process.wait()


async def _listens(port: int) -> bool:
    try:
        _, writer = await asyncio.open_connection("127.0.0.1", port)
    except ConnectionError:
        return False
    writer.close()
    return True
