"""Schemas of both databases: up, down, current, and what a server says to another one."""

import asyncio

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import Connection, inspect, text

from esapr.server.config import ServerConfig
from esapr.server.records import RecordsError, migrate
from esapr.server.records.engine import connected
from esapr.server.records.schema import Tables
from esapr.server.records.store import opened_store
from tests.server.records.stored import batch

pytestmark = pytest.mark.real_time


def tables(connection: Connection) -> set[str]:
    return set(inspect(connection).get_table_names()) - {"alembic_version"}


async def test_up_makes_the_schema_and_down_takes_it_away(config: ServerConfig) -> None:
    async with connected(config) as engine:
        assert await migrate.current(engine) == "none"
        assert await migrate.upgrade(engine) == migrate.newest()
        async with engine.connect() as connection:
            assert await connection.run_sync(tables) == set(Tables.metadata.tables)
        assert await migrate.downgrade(engine) == "0001"
        async with engine.connect() as connection:
            assert await connection.run_sync(tables) == set(Tables.metadata.tables) - {"notes"}
        assert await migrate.downgrade(engine) == "none"
        async with engine.connect() as connection:
            assert await connection.run_sync(tables) == set()
        assert await migrate.upgrade(engine) == migrate.newest()


async def test_the_migrations_lead_to_the_tables_of_the_code(config: ServerConfig) -> None:
    def differences(connection: Connection) -> list[object]:
        return list(compare_metadata(MigrationContext.configure(connection), Tables.metadata))

    async with connected(config) as engine:
        await migrate.upgrade(engine)
        async with engine.connect() as connection:
            assert await connection.run_sync(differences) == []


async def test_a_server_makes_the_schema_of_its_own_file(sqlite_config: ServerConfig) -> None:
    async with opened_store(sqlite_config) as store:
        assert await store.write(batch()) == 0


async def test_several_servers_may_begin_at_once(sqlite_config: ServerConfig) -> None:
    async def begin() -> None:
        async with opened_store(sqlite_config):
            pass

    async with asyncio.TaskGroup() as group:
        for _ in range(4):
            group.create_task(begin())


async def test_a_server_refuses_a_postgres_schema_that_is_not_its_own(
    postgres_config: ServerConfig,
) -> None:
    with pytest.raises(RecordsError, match="esapr records migrate up"):
        async with opened_store(postgres_config):
            pass


async def test_a_schema_of_a_later_version_is_left_alone(config: ServerConfig) -> None:
    async with connected(config) as engine:
        await migrate.upgrade(engine)
        async with engine.begin() as connection:
            await connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    with pytest.raises(RecordsError, match="9999"):
        async with opened_store(config):
            pass


async def test_there_is_nothing_below_the_first_schema(config: ServerConfig) -> None:
    async with connected(config) as engine:
        with pytest.raises(RecordsError):
            await migrate.downgrade(engine)
