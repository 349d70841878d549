"""Connections to the database of the records: how SQLite and PostgreSQL differ is known here."""

import asyncio
import sqlite3
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, closing
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Dialect, event, make_url
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine import URL
from sqlalchemy.exc import OperationalError, SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

from esapr.server.config import ServerConfig
from esapr.server.records import RecordsAwayError, RecordsError
from esapr.server.records.files import create
from esapr.server.records.schema import Tables

FILE_NAME = "records.db"

LOCK_SECONDS = 5
"""As long as a statement waits for another writer."""

_DRIVERS = {"sqlite": "sqlite+aiosqlite", "postgresql": "postgresql+psycopg"}
_PRAGMAS = (
    "PRAGMA journal_mode = WAL",
    # A commit outlives a power cut; there is one a second.
    "PRAGMA synchronous = FULL",
    # What is deleted is overwritten, not only unlinked.
    "PRAGMA secure_delete = ON",
    "PRAGMA foreign_keys = ON",
)
_BEGIN = "begin"


@asynccontextmanager
async def connected(config: ServerConfig) -> AsyncIterator[AsyncEngine]:
    """Yield an engine for the database that is configured; connections are made when needed.

    Raises:
        RecordsError: its driver is not installed.
    """
    engine = _engine(_url(config))
    try:
        yield engine
    finally:
        await engine.dispose()


def writing(engine: AsyncEngine) -> AsyncEngine:
    """Return ``engine`` with transactions that are the only writers from their beginning on."""
    return engine.execution_options(**{_BEGIN: "BEGIN IMMEDIATE"})


def is_sqlite(engine: AsyncEngine) -> bool:
    """Return whether the database is an SQLite file."""
    return engine.dialect.name == "sqlite"


def insert(dialect: Dialect, table: type[Tables]) -> Any:
    """Return an ``INSERT`` that can say ``ON CONFLICT``, which SQLAlchemy has per dialect only."""
    return (sqlite if dialect.name == "sqlite" else postgresql).insert(table)


async def sweep(engine: AsyncEngine) -> None:
    """Let nothing of what was erased remain in SQLite's write-ahead log.

    Raises:
        RecordsAwayError: a reader held on to it for :data:`LOCK_SECONDS`.
    """
    if not is_sqlite(engine):
        return
    outside = engine.execution_options(**{_BEGIN: ""})
    async with outside.connect() as connection:
        swept = await connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
        busy = swept.scalar()
    if busy:
        raise RecordsAwayError("a reader holds on to the database's log")


def _url(config: ServerConfig) -> URL:
    if config.database_url:
        url = make_url(config.database_url)
        return url.set(drivername=_DRIVERS[url.get_backend_name()])
    return URL.create(_DRIVERS["sqlite"], database=str(config.state_folder / FILE_NAME))


def _engine(url: URL) -> AsyncEngine:
    local = url.get_backend_name() == "sqlite"
    if local and url.database:
        create(Path(url.database), _write_empty)
    arguments: dict[str, object] = (
        {"timeout": LOCK_SECONDS}
        if local
        else {
            "connect_timeout": LOCK_SECONDS,
            "options": f"-c lock_timeout={LOCK_SECONDS}s -c statement_timeout={2 * LOCK_SECONDS}s",
        }
    )
    try:
        # An error's text holds no value of a row.
        engine = create_async_engine(
            url, pool_size=3, max_overflow=0, hide_parameters=True, connect_args=arguments
        )
    except ImportError as error:
        raise RecordsError(f"{error}; pip install 'esapr[cluster]'") from error
    if local:
        event.listen(engine.sync_engine, "connect", _configure)
        event.listen(engine.sync_engine, "begin", _begin)
    return engine


def _write_empty(path: Path) -> None:
    # Two connections that turn the log on at once would be in each other's way.
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA user_version = 1")


def _configure(connection: Any, _: object) -> None:
    # The driver would begin transactions by itself, and not for every statement.
    connection.isolation_level = None
    cursor = connection.cursor()
    for pragma in _PRAGMAS:
        cursor.execute(pragma)
    cursor.close()


def _begin(connection: Connection) -> None:
    if statement := connection.get_execution_options().get(_BEGIN, "BEGIN"):
        connection.exec_driver_sql(statement)


@asynccontextmanager
async def answering(seconds: float = 2 * LOCK_SECONDS) -> AsyncIterator[None]:
    """Raise RecordsAwayError, which holds no value of a row, for whatever the database raises."""
    try:
        async with asyncio.timeout(seconds):
            yield
    except OperationalError as error:
        # What the driver says here is about the connection, never about a row.
        reason, _, _ = str(error.orig).partition("\n")
        raise RecordsAwayError(f"the database does not answer: {reason}") from None
    except (SQLAlchemyError, OSError, TimeoutError) as error:
        raise RecordsAwayError(f"the database does not answer: {type(error).__name__}") from None
