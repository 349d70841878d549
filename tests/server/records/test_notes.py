"""Notes in SQLite and PostgreSQL: kept once, encrypted, bounded, erased with their session."""

from dataclasses import replace as with_settings

import pytest
from msgspec.structs import replace

from esapr.server.config import ServerConfig
from esapr.server.records.cipher import new_key
from esapr.server.records.rows import NoteRow
from esapr.server.records.store import opened_store
from tests.server.records.stored import OPENED_MS, SESSION, batch, store_of

pytestmark = pytest.mark.real_time

NOTE = NoteRow(SESSION, "1" * 32, 12_000, OPENED_MS, "token:4f1d", "the canary is silent")


async def test_a_note_comes_back_until_its_session_is_erased(config: ServerConfig) -> None:
    async with store_of(config) as store:
        assert await store.keep_note(NOTE, 1) == "unrecorded"
        await store.write(batch())
        assert await store.keep_note(NOTE, 1) == "kept"
        assert await store.keep_note(NOTE, 1) == "kept"
        assert await store.keep_note(replace(NOTE, id="2" * 32), 1) == "full"
        assert await store.notes(SESSION) == [NOTE]

        erased = await store.erase([SESSION], OPENED_MS)

        assert (erased.sessions, erased.notes, erased.remaining) == (1, 1, 0)
        assert await store.notes(SESSION) == []
        assert await store.keep_note(NOTE, 1) == "unrecorded"


async def test_a_note_is_read_with_the_key_that_took_the_place_of_its_own(
    sqlite_config: ServerConfig,
) -> None:
    old, new = new_key(), new_key()
    async with store_of(with_settings(sqlite_config, records_keys=(old,))) as store:
        await store.write(batch())
        await store.keep_note(NOTE, 1)
    async with opened_store(with_settings(sqlite_config, records_keys=(new, old))) as store:
        assert await store.rotate() == (1, 2)
    async with opened_store(with_settings(sqlite_config, records_keys=(new,))) as store:
        assert await store.notes(SESSION) == [NOTE]
