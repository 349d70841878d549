"""Which schema a database has, and how it gets another one (docs/decisions/0016)."""

from collections.abc import Callable
from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from alembic.util import CommandError
from sqlalchemy import Connection
from sqlalchemy.ext.asyncio import AsyncEngine

from esapr.server.records import RecordsError
from esapr.server.records.engine import is_sqlite, writing

_FOLDER = Path(__file__).parent / "migrations"


async def prepare(engine: AsyncEngine) -> None:
    """Bring an SQLite file to this version's schema; check that PostgreSQL has it.

    Raises:
        RecordsError: it has another one.
    """
    async with writing(engine).begin() as connection:
        await connection.run_sync(_upgrade if is_sqlite(engine) else _check)


async def upgrade(engine: AsyncEngine) -> str:
    """Migrate to this version's schema and return its name.

    Raises:
        RecordsError: the schema is of a newer version.
    """
    async with writing(engine).begin() as connection:
        await connection.run_sync(_upgrade)
        return await connection.run_sync(_current)


async def downgrade(engine: AsyncEngine) -> str:
    """Go back by one schema and return the name of the one before; what it lacks is lost.

    Raises:
        RecordsError: there is none before.
    """
    async with writing(engine).begin() as connection:
        await connection.run_sync(_downgrade)
        return await connection.run_sync(_current)


async def current(engine: AsyncEngine) -> str:
    """Return the name of the schema, or ``none``."""
    async with engine.connect() as connection:
        return await connection.run_sync(_current)


def newest() -> str:
    """Return the name of this version's schema."""
    return ScriptDirectory(str(_FOLDER)).get_current_head() or "none"


def _upgrade(connection: Connection) -> None:
    _run(connection, command.upgrade, "head")


def _downgrade(connection: Connection) -> None:
    _run(connection, command.downgrade, "-1")


def _check(connection: Connection) -> None:
    found = _current(connection)
    if found != newest():
        raise RecordsError(
            f"the database has schema {found}, this version needs {newest()}: "
            "run `esapr records migrate up`"
        )


def _current(connection: Connection) -> str:
    return MigrationContext.configure(connection).get_current_revision() or "none"


def _run(connection: Connection, action: Callable[[Config, str], None], revision: str) -> None:
    config = Config()
    config.set_main_option("script_location", str(_FOLDER))
    config.set_main_option("path_separator", "os")
    config.attributes["connection"] = connection
    try:
        action(config, revision)
    except CommandError as error:
        raise RecordsError(f"the schema cannot be changed: {error}") from error
