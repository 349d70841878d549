"""``esapr keys``: what partners' backends open sessions with."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import get_args

import click
import msgspec
from rich.console import Console
from rich.table import Table

from esapr.protocol.calls import KeyScope
from esapr.server.config import ConfigError, ServerConfig
from esapr.server.metrics import Metrics
from esapr.server.trust.audit import AuditEvent
from esapr.server.trust.audit_folder import AuditError
from esapr.server.trust.audit_log import open_audit_log
from esapr.server.trust.key_file import KeyFile, KeyFileError
from esapr.server.trust.keys import KeyName
from esapr.server.trust.signing import Signing, SigningError


@click.group()
def keys() -> None:
    """Make, list and revoke server keys. Running servers notice at once."""


@keys.command()
@click.argument("name")
@click.option(
    "--scope",
    "scopes",
    multiple=True,
    type=click.Choice(get_args(KeyScope)),
    default=["sessions"],
    help="What the key allows; may be repeated (default: sessions).",
)
@click.option(
    "--days",
    type=click.IntRange(1, 3_650),
    default=365,
    help="Days until it expires (default 365).",
)
def create(name: str, scopes: tuple[KeyScope, ...], days: int) -> None:
    """Make a key for NAME and print it, once.

    Keys of one name open the same sessions: to replace one, make a second key of its name, use
    that, then revoke the first.
    """
    try:
        msgspec.convert(name, KeyName)
    except msgspec.ValidationError:
        raise click.BadParameter("at most 64 letters, digits, _ and -", param_hint="NAME") from None
    with _key_file() as file:
        text = file.create(name, list(scopes), timedelta(days=days))
        _note("key.created", text.split("_")[1], name=name, scopes=" ".join(scopes))
        click.echo(f"Kept as a hash in {file.path}. It is shown this once:", err=True)
        click.echo(text)


@keys.command("list")
def list_keys() -> None:
    """List every key: id, name, scopes, when it was made, when it expires."""
    table = Table("id", "name", "scopes", "created", "expires")
    now = datetime.now(UTC)
    with _key_file() as file:
        for key in file.read():
            expires = f"{key.expires:%Y-%m-%d}" + (" (expired)" if key.expires <= now else "")
            table.add_row(
                key.id, key.name, " ".join(key.scopes), f"{key.created:%Y-%m-%d}", expires
            )
    Console(width=120).print(table)


@keys.command()
@click.argument("key_id", metavar="ID")
def revoke(key_id: str) -> None:
    """Remove the key of an ID; the sessions that it has opened go on."""
    with _key_file() as file:
        if not file.revoke(key_id):
            raise click.ClickException(f"there is no key {key_id} in {file.path}")
        _note("key.revoked", key_id)
        click.echo(f"Revoked {key_id}.", err=True)


@keys.command("rotate-signing")
def rotate_signing() -> None:
    """Let a new key sign client tokens; those of the one before stay valid until the next time."""
    try:
        kid = Signing(ServerConfig.from_environ().signing_path).rotate()
    except ConfigError as error:
        raise click.UsageError(str(error)) from error
    except (SigningError, OSError) as error:
        raise click.ClickException(str(error)) from error
    click.echo(f"{kid} signs from now on.", err=True)


def _note(event: AuditEvent, key_id: str, **detail: str) -> None:
    """Write a line about a key to the audit log, beside the servers that run."""
    config = ServerConfig.from_environ()

    async def write() -> None:
        log = open_audit_log(config.audit_folder, config.audit_key, Metrics())
        async with log as audit:
            await audit.write(event, actor="operator", key=key_id, **detail)

    asyncio.run(write())


@contextmanager
def _key_file() -> Iterator[KeyFile]:
    try:
        yield KeyFile(ServerConfig.from_environ().keys_path)
    except ConfigError as error:
        raise click.UsageError(str(error)) from error
    except (AuditError, KeyFileError, OSError) as error:
        raise click.ClickException(str(error)) from error
