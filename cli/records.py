"""``esapr records``: migrate, export, erase, retain and re-encrypt what is kept."""

import asyncio
from collections.abc import Awaitable, Callable, Coroutine
from typing import BinaryIO, TypeVar

import click
import msgspec
from sqlalchemy.ext.asyncio import AsyncEngine

from esapr.server.config import ConfigError, ServerConfig
from esapr.server.metrics import Metrics
from esapr.server.records import RecordsError, migrate
from esapr.server.records.cipher import new_key
from esapr.server.records.engine import answering, connected
from esapr.server.records.export import Export, export
from esapr.server.records.retention import erase_expired
from esapr.server.records.rows import Erased
from esapr.server.records.store import Store, opened_store
from esapr.server.trust.audit_folder import AuditError
from esapr.server.trust.audit_log import AuditLog, open_audit_log
from esapr.server.trust.tokens import unix_time

T = TypeVar("T")

_ACTOR = "operator"
_ID_LENGTH = 32


@click.group()
def records() -> None:
    """What is kept of sessions. Database and keys come from ESAPR_* variables."""


@records.group(name="migrate")
def migration() -> None:
    """Bring the database to another schema."""


@migration.command()
def up() -> None:
    """Migrate to the schema of this version."""
    click.echo(f"schema {_run(_with_engine(migrate.upgrade))}")


@migration.command()
@click.confirmation_option(prompt="What the older schema cannot hold is lost. Go on?")
def down() -> None:
    """Go back by one schema."""
    click.echo(f"schema {_run(_with_engine(migrate.downgrade))}")


@migration.command()
def current() -> None:
    """Print the database's schema and that of this version."""
    found = _run(_with_engine(migrate.current))
    click.echo(f"schema {found}, this version has {migrate.newest()}")


@records.command(name="export")
@click.option("--participant", required=True, help="Whose data, by the participant's name.")
@click.option("--key", default="", help="Name of the server key that opened the sessions.")
@click.option("--out", type=click.File("wb"), default="-", help="File to write (default: stdout).")
def export_person(participant: str, key: str, out: BinaryIO) -> None:
    """Write everything that is kept of one person, as JSON."""

    async def exported(store: Store, audit: AuditLog) -> Export:
        found = await export(store, key, participant, _now_ms())
        detail = {"participant": audit.person(participant), "sessions": str(len(found.sessions))}
        await audit.write("records.exported", actor=_ACTOR, **detail)
        return found

    bundle = _run(_audited(exported))
    out.write(msgspec.json.format(msgspec.json.encode(bundle)) + b"\n")
    click.echo(f"{len(bundle.sessions)} sessions", err=True)


@records.command()
@click.option("--participant", help="Erase all that is kept of one person.")
@click.option("--key", default="", help="Name of the server key that opened the sessions.")
@click.option("--session", help="Erase one session.")
def erase(participant: str | None, key: str, session: str | None) -> None:
    """Erase a person or a session, and refuse what running servers still write of it."""
    if (participant is None) == (session is None):
        raise click.UsageError("one of --participant and --session is needed")
    if session is not None and len(session) != _ID_LENGTH:
        raise click.BadParameter("a session's id has 32 digits", param_hint="--session")

    async def erased(store: Store, audit: AuditLog) -> Erased:
        sessions = [session] if session else await store.of_person(key, participant or "")
        done = await store.erase(sessions, _now_ms())
        who = {"participant": audit.person(participant)} if participant else {}
        await audit.write(
            "records.erased", actor=_ACTOR, session=session or "", **who, **done.detail()
        )
        return done

    _say(_run(_audited(erased)))


@records.command()
def retain() -> None:
    """Erase what has expired, as running servers do every hour."""
    days = _config().retention_days

    async def retained(store: Store, audit: AuditLog) -> Erased:
        done = await erase_expired(store, _now_ms(), days)
        await audit.write("retention.applied", actor=_ACTOR, **done.detail())
        return done

    _say(_run(_audited(retained)))


@records.command(name="make-key")
def make_key() -> None:
    """Print a new key."""
    click.echo(new_key())


@records.command(name="rotate-key")
def rotate_key() -> None:
    """Encrypt under the first key what is under another one."""
    sessions, texts = _run(_rotated())
    click.echo(
        f"{sessions} sessions and {texts} lines and notes re-encrypted; the first key opens all"
    )


def _say(erased: Erased) -> None:
    click.echo(
        f"erased {erased.sessions} sessions: {erased.states} states, {erased.events} events, "
        f"{erased.lines} lines of text, {erased.notes} notes; {erased.remaining} rows remain"
    )


async def _audited(use: Callable[[Store, AuditLog], Awaitable[T]]) -> T:
    config = _config()
    async with (
        opened_store(config) as store,
        open_audit_log(config.audit_folder, config.audit_key, Metrics()) as audit,
    ):
        try:
            return await use(store, audit)
        except RecordsError as error:
            # Raised here it would reach the caller in a group.
            failure = error
    raise failure


async def _rotated() -> tuple[int, int]:
    async with opened_store(_config()) as store:
        return await store.rotate()


async def _with_engine(use: Callable[[AsyncEngine], Awaitable[T]]) -> T:
    async with connected(_config()) as engine, answering():
        return await use(engine)


def _run(work: Coroutine[None, None, T]) -> T:
    try:
        return asyncio.run(work)
    except (AuditError, RecordsError) as error:
        raise click.ClickException(str(error)) from None


def _config() -> ServerConfig:
    try:
        return ServerConfig.from_environ()
    except ConfigError as error:
        raise click.UsageError(str(error)) from error


def _now_ms() -> int:
    return round(unix_time() * 1000)
