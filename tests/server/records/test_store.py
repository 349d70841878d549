"""Records in SQLite and PostgreSQL: written once, erased for good, encrypted, the same in both."""

import asyncio
from dataclasses import replace as with_settings
from pathlib import Path
from random import Random

import msgspec
import pytest
from msgspec.structs import replace
from sqlalchemy import text

from esapr.protocol.messages import Fused, ModalityStates, State
from esapr.server.config import ServerConfig
from esapr.server.records import RecordsAwayError, RecordsError
from esapr.server.records.buffer import Batch
from esapr.server.records.cipher import Cipher, new_key
from esapr.server.records.engine import connected
from esapr.server.records.export import export
from esapr.server.records.packing import recorded_state, state_row
from esapr.server.records.report import Beside, report
from esapr.server.records.retention import erase_expired
from esapr.server.records.rows import Erased
from esapr.server.records.store import opened_store
from esapr.server.records.table import table
from tests.server.records.stored import (
    DAY_MS,
    OPENED_MS,
    OTHER,
    SESSION,
    TEXT,
    VOICE,
    batch,
    face,
    facts,
    state,
    store_of,
)

pytestmark = pytest.mark.real_time

WHOLE = Erased(sessions=1, states=10, events=2, lines=1, remaining=0)


async def test_a_session_comes_back_as_it_was_written(config: ServerConfig) -> None:
    async with store_of(config) as store:
        written = batch()
        assert await store.write(written) == 0

        found = await store.read(SESSION)

        assert found is not None
        assert (found.facts, found.closing) == (written.openings[0], written.closings[0])
        assert [*found.states, *found.events, *await store.lines(SESSION)] == written.rows
        assert await store.read(OTHER) is None


async def test_what_is_written_twice_is_there_once(config: ServerConfig) -> None:
    async with store_of(config) as store:
        await store.write(batch())
        # As after a commit whose answer was lost, or by two gateways.
        await store.write(batch())

        found = await store.read(SESSION)

        assert found is not None
        assert [row.seq for row in found.states] == list(range(10))
        assert len(found.events) == 2


async def test_postgresql_and_sqlite_give_the_same_report_for_the_same_session(
    sqlite_config: ServerConfig, postgres_config: ServerConfig
) -> None:
    given = []
    for config in (sqlite_config, postgres_config):
        async with store_of(config) as store:
            await store.write(batch(OTHER, opened_ms=OPENED_MS - DAY_MS))
            await store.write(batch())
            found = await store.read(SESSION)
            assert found is not None
            made = report(found, Beside(await store.earlier(found, 5)), full=True)
            assert (made.states, made.comparison is None) == (10, False)
            lines = table(recorded_state(row) for row in found.states)
            exported = await export(store, "", "Ada", OPENED_MS)
            given.append((msgspec.json.encode(made), lines, msgspec.json.encode(exported)))
    assert given[0] == given[1]


async def test_what_is_erased_stays_erased_whoever_still_writes(config: ServerConfig) -> None:
    async with store_of(config) as store, opened_store(config) as other_gateway:
        await store.write(batch())
        await store.write(batch(OTHER))

        assert await store.erase([SESSION], OPENED_MS) == WHOLE

        assert await other_gateway.write(batch()) == len(batch().rows)
        assert await store.read(SESSION) is None
        assert await store.lines(SESSION) == []
        assert await store.read(OTHER) is not None
        assert await store.erase([SESSION], OPENED_MS) == Erased(0, 0, 0, 0, 0)


async def test_an_erasure_and_a_write_at_the_same_time_leave_nothing(config: ServerConfig) -> None:
    async with store_of(config) as store, opened_store(config) as other_gateway:
        for number in range(10):
            session = f"{number:032x}"
            await asyncio.gather(
                other_gateway.write(batch(session)), store.erase([session], OPENED_MS)
            )
            assert await store.read(session) is None
            assert await store.lines(session) == []


async def test_a_session_that_was_never_written_can_be_erased(config: ServerConfig) -> None:
    async with store_of(config) as store:
        assert (await store.erase([SESSION], OPENED_MS)).sessions == 0

        assert await store.write(batch()) == len(batch().rows)
        assert await store.read(SESSION) is None


async def test_all_of_one_person_is_found_without_reading_names(config: ServerConfig) -> None:
    async with store_of(config) as store:
        await store.write(batch(SESSION, "Ada"))
        await store.write(batch(OTHER, "Grace"))

        assert await store.of_person("", "Ada") == [SESSION]
        assert await store.of_person("", "ada") == []
    async with connected(config) as engine, engine.connect() as connection:
        rows = str((await connection.execute(text("SELECT * FROM sessions"))).all())
        assert "Ada" not in rows
        assert "ward-7" not in rows


async def test_earlier_sessions_are_the_same_persons_newest_first(config: ServerConfig) -> None:
    async with store_of(config) as store:
        days = {f"{number:032x}": OPENED_MS - number * DAY_MS for number in range(4)}
        for session, opened_ms in days.items():
            await store.write(batch(session, opened_ms=opened_ms))
        await store.write(batch(OTHER, "Grace", opened_ms=OPENED_MS - DAY_MS))
        newest = await store.read(f"{0:032x}")
        assert newest is not None

        found = await store.earlier(newest, 2)

        assert [recording.facts.session for recording in found] == [f"{1:032x}", f"{2:032x}"]


async def test_retention_is_the_deployments_or_the_sessions_if_that_is_shorter(
    config: ServerConfig,
) -> None:
    now_ms = OPENED_MS + 10 * DAY_MS
    old, brief, lasting, young = (f"{number:032x}" for number in range(4))
    async with store_of(config) as store:
        await store.write(batch(old, opened_ms=now_ms - 31 * DAY_MS))
        await store.write(batch(brief, opened_ms=now_ms - 3 * DAY_MS, keep_days=2))
        await store.write(batch(lasting, opened_ms=now_ms - 31 * DAY_MS, keep_days=3_000))
        await store.write(batch(young, opened_ms=now_ms - 3 * DAY_MS, keep_days=4))

        erased = await erase_expired(store, now_ms, days=30)

        assert erased == Erased(sessions=3, states=30, events=6, lines=3, remaining=0)
        assert [await store.read(each) is None for each in (old, brief, lasting, young)] == [
            *(True, True, True),
            False,
        ]
        assert (await erase_expired(store, now_ms, days=30)).sessions == 0


async def test_names_and_text_need_the_key(config: ServerConfig) -> None:
    config = with_settings(config, records_keys=(new_key(),))
    async with store_of(config) as store:
        await store.write(batch())

    with pytest.raises(RecordsError, match="no key"):
        async with opened_store(with_settings(config, records_keys=(new_key(),))):
            pass


async def test_a_key_is_replaced_without_losing_anybody(config: ServerConfig) -> None:
    old, new = new_key(), new_key()
    async with store_of(with_settings(config, records_keys=(old,))) as store:
        await store.write(batch())
    async with opened_store(with_settings(config, records_keys=(new, old))) as store:
        # Written since the new key is there.
        await store.write(batch(OTHER))
        assert sorted(await store.of_person("", "Ada")) == [SESSION, OTHER]

        assert await store.rotate() == (1, 1)
        assert await store.rotate() == (0, 0)

    async with opened_store(with_settings(config, records_keys=(new,))) as store:
        assert sorted(await store.of_person("", "Ada")) == [SESSION, OTHER]
        found = await store.read(SESSION)
        assert found is not None
        assert found.facts.person.participant == "Ada"
        assert [line.body for line in await store.lines(SESSION)] == ["the canary sings"]


def test_a_key_that_is_none_is_refused() -> None:
    for keys in ([], ["short"], ["é" * 44]):
        with pytest.raises(RecordsError):
            Cipher(keys)


async def test_nothing_of_an_erased_session_is_left_in_the_files_of_sqlite(
    sqlite_config: ServerConfig, tmp_path: Path
) -> None:
    async with store_of(sqlite_config) as store:
        written = batch()
        await store.write(written)
        async with connected(sqlite_config) as engine, engine.connect() as connection:
            sealed = (await connection.execute(text("SELECT body FROM lines"))).scalar_one()
            identity = (await connection.execute(text("SELECT identity FROM sessions"))).scalar()
        secrets = [sealed.encode(), str(identity).encode(), written.rows[3].body]
        assert all(any(secret in file for file in files(tmp_path)) for secret in secrets)

        await store.erase([SESSION], OPENED_MS)

        # The store still has its connections: nothing was tidied up by closing.
        left = [secret for secret in secrets if any(secret in file for file in files(tmp_path))]
        assert left == []


def files(folder: Path) -> list[bytes]:
    """What is in the database and its write-ahead log."""
    return [path.read_bytes() for path in folder.glob("records.db*")]


async def test_a_database_that_is_not_there_says_so(
    postgres_config: ServerConfig, tmp_path: Path
) -> None:
    nowhere = f"postgresql://postgres:secret@/nothing?host={tmp_path}"
    with pytest.raises(RecordsAwayError) as refused:
        async with opened_store(with_settings(postgres_config, database_url=nowhere)):
            pass
    assert "secret" not in str(refused.value)


async def test_a_database_elsewhere_needs_a_key_of_its_own(postgres_config: ServerConfig) -> None:
    with pytest.raises(RecordsError, match="records_keys"):
        async with opened_store(with_settings(postgres_config, records_keys=())):
            pass


async def test_the_files_of_the_records_are_their_owners(
    sqlite_config: ServerConfig, tmp_path: Path
) -> None:
    async with store_of(sqlite_config):
        found = modes(tmp_path)

    assert set(found.values()) == {0o600}
    assert {"records.db", "records.db-wal", "records.key"} <= found.keys()


async def test_an_hour_takes_less_than_a_megabyte(
    sqlite_config: ServerConfig, tmp_path: Path
) -> None:
    random = Random(0)

    def digits(count: int) -> list[float]:
        return [random.randrange(10_000) / 10_000 for _ in range(count)]

    def second(seq: int) -> State:
        parts = ModalityStates(
            face=replace(face(seq // 4), probs=digits(7)),
            voice=replace(VOICE, probs=digits(7)),
            text=replace(TEXT, probs=digits(7)),
        )
        return replace(state(seq), fused=Fused("happy", digits(7), *digits(3)), modalities=parts)

    async with store_of(sqlite_config) as store:
        written = Batch(openings=[facts()], rows=[state_row(second(seq)) for seq in range(3600)])
        await store.write(written)
        await store.erase([OTHER], OPENED_MS)  # empties the write-ahead log

    assert 500_000 < sum(map(len, files(tmp_path))) < 1_000_000


def modes(folder: Path) -> dict[str, int]:
    return {path.name: path.stat().st_mode & 0o777 for path in folder.iterdir()}
