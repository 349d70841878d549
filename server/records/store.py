"""The records in their database: written by the batch, read by the session, erased for good."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Any

import msgspec
from msgspec import convert
from msgspec.structs import asdict, replace
from sqlalchemy import ColumnElement, Row, Select, select
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from esapr.protocol.requests import Modality
from esapr.server.config import ServerConfig
from esapr.server.records import statements
from esapr.server.records.buffer import Batch
from esapr.server.records.cipher import Cipher
from esapr.server.records.engine import answering, connected, sweep, writing
from esapr.server.records.keyring import read_keys
from esapr.server.records.migrate import prepare
from esapr.server.records.notes import Outcome, keep_note, read_notes
from esapr.server.records.rows import (
    Closing,
    Erased,
    EventRow,
    Facts,
    LineRow,
    NoteRow,
    Person,
    Recording,
    StateRow,
)
from esapr.server.records.schema import EventTable, LineTable, SessionTable, StateTable
from esapr.server.records.statements import Ending, sessions

DAY_MS = 86_400_000
ERASED_AT_A_TIME = 100
"""Sessions of one transaction, which others wait for."""


class _Facts(msgspec.Struct, frozen=True):
    tick_ms: int
    modalities: list[Modality]
    models: dict[str, str]
    keep_days: int | None
    keep_text: bool
    purpose: str | None = None
    cohort: bool = False


class Store:
    """Every session that is kept. Each method raises RecordsAwayError if nothing answers."""

    def __init__(self, engine: AsyncEngine, cipher: Cipher) -> None:
        """Use the database of ``engine``, whose schema is this version's."""
        self._engine = engine
        self._writer = writing(engine)
        self._cipher = cipher

    async def write(self, batch: Batch) -> int:
        """Write a batch, also one that was written before; return how many rows were refused.

        Refused are rows of sessions that were erased.
        """
        async with answering(), self._writer.begin() as connection:
            await self._open(connection, batch.openings)
            kept = await statements.kept(connection, {row.session for row in batch.rows})
            await self._add(connection, [row for row in batch.rows if row.session in kept])
            for closing in batch.closings:
                await statements.close(connection, closing)
        return sum(row.session not in kept for row in batch.rows)

    async def read(self, session: str) -> Recording | None:
        """Return a session, or None if there is none or it was erased.

        Raises:
            RecordsError: no key opens it.
        """
        found = SessionTable.id == session
        async with answering(), self._engine.connect() as connection:
            row = (await connection.execute(sessions().where(found))).one_or_none()
            return await self._recording(connection, row) if row else None

    async def revoked(self, session: str) -> bool:
        """Return whether a session was erased because its consent was revoked."""
        found = select(SessionTable.ending).where(
            SessionTable.id == session, SessionTable.erased_ms.is_not(None)
        )
        async with answering(), self._engine.connect() as connection:
            return await connection.scalar(found) == statements.REVOKED

    async def earlier(self, recording: Recording, most: int) -> list[Recording]:
        """Return the latest sessions of the same participant before this one, newest first."""
        facts = recording.facts
        person = self._person(facts.person.holder, facts.person.participant)
        statement = (
            sessions()
            .where(person, SessionTable.opened_ms < facts.opened_ms)
            .order_by(SessionTable.opened_ms.desc())
            .limit(most)
        )
        async with answering(), self._engine.connect() as connection:
            rows = (await connection.execute(statement)).all()
            return [await self._recording(connection, row) for row in rows]

    async def newest(
        self, most: int, before: tuple[int, str] | None = None
    ) -> list[tuple[Facts, Closing | None]]:
        """Return the sessions that opened last, newest first, or last before one of them.

        That one is given by ``opened_ms`` and id.

        Raises:
            RecordsError: no key opens one of them.
        """
        async with answering(), self._engine.connect() as connection:
            rows = (await connection.execute(statements.newest(most, before))).all()
        return [self._about(row) for row in rows]

    async def group(self, recording: Recording, most: int) -> list[str]:
        """Return the first session of each of at most ``most`` other people of the same holder.

        They have ended, were for the same purpose and may be compared with; the oldest come first.

        Raises:
            RecordsError: no key opens one of them.
        """
        mine, holder = recording.facts, recording.facts.person.holder
        own = self._cipher.digests(holder, mine.person.participant)
        found: dict[str, str] = {}
        async with answering(), self._engine.connect() as connection:
            for row in (await connection.execute(statements.of_a_cohort(own))).all():
                facts = msgspec.json.decode(row.facts, type=_Facts)
                if facts.purpose != mine.purpose or row.person in found:
                    continue
                if self._holder(row.identity) == holder:
                    found[row.person] = row.id
                if len(found) == most:
                    break
        return list(found.values())

    async def lines(self, session: str) -> list[LineRow]:
        """Return the text of a session.

        Raises:
            RecordsError: no key opens it.
        """
        async with answering(), self._engine.connect() as connection:
            rows = await statements.parts(connection, LineTable, session)
            lines = [LineRow(**row) for row in rows]
            return [replace(line, body=self._cipher.unseal(line.body).decode()) for line in lines]

    async def keep_note(self, note: NoteRow, most: int) -> Outcome:
        """Keep a note, unless ``most`` others are there, or nothing of its session is."""
        async with answering(), self._writer.begin() as connection:
            return await keep_note(connection, self._cipher, note, most)

    async def notes(self, session: str) -> list[NoteRow]:
        """Return the notes about a session, as they were kept.

        Raises:
            RecordsError: no key opens it.
        """
        async with answering(), self._engine.connect() as connection:
            return await read_notes(connection, self._cipher, session)

    async def holder(self, session: str) -> str | None:
        """Return the holder of the key that opened a session, or None if nothing is kept of it.

        Raises:
            RecordsError: no key opens it.
        """
        found = select(SessionTable.identity).where(SessionTable.id == session)
        async with answering(), self._engine.connect() as connection:
            identity = await connection.scalar(found)
        return None if identity is None else self._holder(identity)

    async def of_person(self, holder: str, participant: str) -> list[str]:
        """Return the sessions of a holder's participant, oldest first."""
        statement = select(SessionTable.id).where(self._person(holder, participant))
        return await self._ids(statement.order_by(SessionTable.opened_ms))

    async def expired(self, now_ms: int, days: int) -> list[str]:
        """Return the sessions that opened ``days`` or their own retention ago."""
        too_old = SessionTable.opened_ms < now_ms - days * DAY_MS
        too_old |= SessionTable.expires_ms < now_ms
        return await self._ids(select(SessionTable.id).where(too_old))

    async def erase(self, sessions: Sequence[str], now_ms: int, *, revoked: bool = False) -> Erased:
        """Erase sessions, and refuse what is still written for them; return what there was.

        That their consent was ``revoked`` is remembered.
        """
        total = Erased(0, 0, 0, 0, 0)
        for start in range(0, len(sessions), ERASED_AT_A_TIME):
            some = sessions[start : start + ERASED_AT_A_TIME]
            async with answering(), self._writer.begin() as connection:
                total += await statements.erase(connection, some, now_ms, revoked=revoked)
        if sessions:
            await self._sweep()
        return total

    async def rotate(self) -> tuple[int, int]:
        """Encrypt under the first key what is under another; return how many sessions and texts.

        Raises:
            RecordsError: no key opens one of them; none is changed.
        """
        async with answering(3_600), self._writer.begin() as connection:
            return await statements.rotate(connection, self._cipher)

    async def check_key(self) -> None:
        """Check that the keys open the newest session.

        Raises:
            RecordsError: they do not.
        """
        statement = sessions().order_by(SessionTable.opened_ms.desc()).limit(1)
        async with answering(), self._engine.connect() as connection:
            if row := (await connection.execute(statement)).one_or_none():
                self._cipher.unseal(row.identity)

    async def _sweep(self) -> None:
        async with answering():
            await sweep(self._engine)

    async def _ids(self, statement: Select[str]) -> list[str]:
        async with answering(), self._engine.connect() as connection:
            return list((await connection.scalars(statement)).all())

    def _holder(self, identity: str) -> str:
        return msgspec.json.decode(self._cipher.unseal(identity), type=Person).holder

    def _person(self, holder: str, participant: str) -> ColumnElement[bool]:
        return SessionTable.person.in_(self._cipher.digests(holder, participant))

    def _digest(self, person: Person) -> str:
        return self._cipher.digests(person.holder, person.participant)[0]

    async def _open(self, connection: AsyncConnection, openings: list[Facts]) -> None:
        values = [
            {
                "id": facts.session,
                "opened_ms": facts.opened_ms,
                "expires_ms": _expiry(facts),
                "person": self._digest(facts.person),
                "identity": self._cipher.seal(msgspec.json.encode(facts.person)),
                "facts": msgspec.json.encode(convert(facts, _Facts, from_attributes=True)).decode(),
            }
            for facts in openings
        ]
        await statements.add(connection, SessionTable, values)

    async def _add(
        self, connection: AsyncConnection, rows: list[StateRow | EventRow | LineRow]
    ) -> None:
        for kind, table in ((StateRow, StateTable), (EventRow, EventTable), (LineRow, LineTable)):
            values = [asdict(row) for row in rows if isinstance(row, kind)]
            if table is LineTable:
                for value in values:
                    value["body"] = self._cipher.seal(value["body"].encode())
            await statements.add(connection, table, values)

    def _about(self, row: Row[Any]) -> tuple[Facts, Closing | None]:
        public = msgspec.json.decode(row.facts, type=_Facts)
        person = msgspec.json.decode(self._cipher.unseal(row.identity), type=Person)
        facts = Facts(session=row.id, opened_ms=row.opened_ms, person=person, **asdict(public))
        closing = None
        if row.ending is not None:
            ending = msgspec.json.decode(row.ending, type=Ending)
            closing = Closing(row.id, row.closed_ms, ending.reason, ending.totals)
        return facts, closing

    async def _recording(self, connection: AsyncConnection, row: Row[Any]) -> Recording:
        facts, closing = self._about(row)
        states = [StateRow(**s) for s in await statements.parts(connection, StateTable, row.id)]
        events = [EventRow(**e) for e in await statements.parts(connection, EventTable, row.id)]
        return Recording(facts, closing, states, events)


def _expiry(facts: Facts) -> int | None:
    return None if facts.keep_days is None else facts.opened_ms + facts.keep_days * DAY_MS


@asynccontextmanager
async def opened_store(config: ServerConfig) -> AsyncIterator[Store]:
    """Yield the records that are configured, with this version's schema.

    Raises:
        RecordsError: there is no key, the keys are wrong, or the schema is another one.
        RecordsAwayError: the database does not answer.
    """
    cipher = Cipher(read_keys(config))
    async with connected(config) as engine:
        async with answering(60):
            await prepare(engine)
        store = Store(engine, cipher)
        await store.check_key()
        yield store
