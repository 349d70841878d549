"""Sessions do not notice their database: not when it is slow, not when it is gone."""

import asyncio
import sqlite3
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

import aiohttp
import pytest
from msgspec.structs import replace

from esapr.protocol.events import Event
from esapr.protocol.messages import Text
from esapr.server.config import ServerConfig
from esapr.server.metrics import Metrics
from esapr.server.records.buffer import MAX_ROWS
from esapr.server.records.rows import Closing
from tests.server.http.feeds import Client, client, receive
from tests.server.records.stored import OTHER, SESSION, TOTALS, facts, kept_with, state, store_of

pytestmark = pytest.mark.real_time


@contextmanager
def locked_file(config: ServerConfig) -> Iterator[None]:
    """Keep every other writer out of the SQLite file."""
    connection = sqlite3.connect(Path(config.state_dir) / "records.db", isolation_level=None)
    connection.execute("BEGIN EXCLUSIVE")
    try:
        yield
    finally:
        connection.execute("ROLLBACK")
        connection.close()


@contextmanager
def locked_tables(config: ServerConfig) -> Iterator[None]:
    """Keep everybody else out of the tables of the PostgreSQL database."""
    import psycopg

    with psycopg.connect(str(config.database_url)) as connection:
        connection.execute("LOCK TABLE sessions, states IN ACCESS EXCLUSIVE MODE")
        yield
        connection.rollback()


def locked(config: ServerConfig) -> AbstractContextManager[None]:
    return locked_tables(config) if config.database_url else locked_file(config)


async def failures(http: aiohttp.ClientSession) -> float:
    text = await (await http.get("/metrics")).text()
    line = next(
        line for line in text.splitlines() if line.startswith("esapr_records_failures_total")
    )
    return float(line.split()[-1])


async def until_recorded(one: Client, seq: int) -> list[int]:
    """Return the numbers of the recorded states, once ``seq`` is among them."""
    bearer = {"Authorization": f"Bearer {one.credentials['client_token']}"}
    async with asyncio.timeout(30):
        while True:
            table = await (await one.http.get(f"{one.path}/report.csv", headers=bearer)).text()
            found = [int(line.split(",")[0]) for line in table.splitlines()[1:]]
            if seq in found:
                return found
            await asyncio.sleep(0.1)


async def test_states_go_on_while_the_database_is_locked_and_none_is_lost(
    config: ServerConfig, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("esapr.server.records.engine.LOCK_SECONDS", 1)
    async with store_of(config):
        pass
    settings = {
        "state_dir": config.state_dir,
        "database_url": config.database_url,
        "records_keys": config.records_keys,
    }
    async with client(settings, modalities=["text"]) as (one, _), one.greeted() as socket:
        first = (await receive(socket, "state"))["seq"]
        await until_recorded(one, first)
        seen = [first]
        with locked(config):
            # Several attempts of the writer have failed meanwhile.
            while await failures(one.http) < 2 or len(seen) < 20:
                seen.append((await receive(socket, "state"))["seq"])
            assert (await one.http.get("/readyz")).status == 200

        assert seen == list(range(first, first + len(seen)))
        assert await until_recorded(one, seen[-1]) == list(range(seen[-1] + 1))


async def test_text_is_kept_only_where_that_was_agreed_to(sqlite_config: ServerConfig) -> None:
    async with kept_with(sqlite_config) as kept:
        assert kept.store
        kept.recorder.opened(facts(SESSION))
        kept.recorder.opened(replace(facts(OTHER), keep_text=False))
        for session in (SESSION, OTHER):
            kept.recorder.put(session, Text("the canary sings", at_ms=3000))
        await kept.recorder.settle()

        assert [line.body for line in await kept.store.lines(SESSION)] == ["the canary sings"]
        assert await kept.store.lines(OTHER) == []


async def test_an_erasure_overtakes_what_is_buffered(sqlite_config: ServerConfig) -> None:
    async with kept_with(sqlite_config) as kept:
        assert kept.store
        kept.recorder.opened(facts())
        kept.recorder.put(SESSION, state(0))
        await kept.recorder.erase(SESSION, "key:1")
        kept.recorder.put(SESSION, state(1))
        kept.recorder.closed(Closing(SESSION, 5, "closed", TOTALS))
        await kept.recorder.settle()
        await kept.recorder.erased(SESSION)

        assert await kept.store.read(SESSION) is None


async def test_what_another_gateway_still_holds_of_an_erased_session_is_counted(
    sqlite_config: ServerConfig,
) -> None:
    metrics = Metrics()
    async with kept_with(sqlite_config, metrics) as kept:
        assert kept.store
        kept.recorder.opened(facts())
        kept.recorder.put(SESSION, state(0))
        await kept.store.erase([SESSION], 7)
        await kept.recorder.settle()

        assert await kept.store.read(SESSION) is None
    assert 'esapr_dropped_total{reason="erased",stage="records"} 1.0' in metrics.text().decode()


async def test_a_full_buffer_counts_what_it_displaces(sqlite_config: ServerConfig) -> None:
    metrics = Metrics()
    async with kept_with(sqlite_config, metrics) as kept:
        assert kept.store
        recorder = kept.recorder
        recorder.opened(facts())

        displaced = [recorder.put(SESSION, Event("blink", t_ms)) for t_ms in range(MAX_ROWS + 2)]

        assert sum(displaced) == 2
        await recorder.settle()
        found = await kept.store.read(SESSION)
        assert found is not None
        assert [event.t_ms for event in found.events] == list(range(2, MAX_ROWS + 2))
    assert 'esapr_dropped_total{reason="displaced",stage="records"} 2.0' in metrics.text().decode()
