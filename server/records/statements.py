"""The statements of the records, on a connection that is in a transaction."""

from collections.abc import Sequence
from typing import Any

import msgspec
from sqlalchemy import Row, RowMapping, Select, delete, func, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from esapr.protocol.messages import Totals
from esapr.server.records.cipher import Cipher
from esapr.server.records.engine import insert
from esapr.server.records.rows import Closing, Erased, Person
from esapr.server.records.schema import (
    EventTable,
    LineTable,
    NoteTable,
    SessionTable,
    StateTable,
    Tables,
)

Part = StateTable | EventTable | LineTable | NoteTable
_PARTS = (StateTable, EventTable, LineTable, NoteTable)
_EMPTY = ("opened_ms", "expires_ms", "person", "identity", "facts", "closed_ms")
REVOKED = '"consent_revoked"'
"""Stands in ``ending`` of what was erased because its consent was revoked."""

AGREED = '"cohort":true'
"""Stands in the facts of a session that others may be compared with."""
SEARCHED = 2_000
"""Sessions that are looked through for a group at most."""


class Ending(msgspec.Struct, frozen=True):
    """How a session ended, as its row has it."""

    reason: str
    totals: Totals


def sessions() -> Select[Any]:
    """Select the sessions that were not erased."""
    return select(SessionTable.__table__).where(SessionTable.erased_ms.is_(None))


def newest(most: int, before: tuple[int, str] | None) -> Select[Any]:
    """Select those that opened last, or last before the one with this ``opened_ms`` and id."""
    opened, id_ = SessionTable.opened_ms, SessionTable.id
    found = sessions().order_by(opened.desc(), id_.desc()).limit(most)
    if before is None:
        return found
    at, session = before
    return found.where((opened < at) | ((opened == at) & (id_ < session)))


def of_a_cohort(own: Sequence[str]) -> Select[Any]:
    """Select the oldest sessions that have ended and that others may be compared with.

    ``own`` are the digests of the person whose sessions are left out.
    """
    others = SessionTable.person.not_in(own), SessionTable.closed_ms.is_not(None)
    agreed = SessionTable.facts.contains(AGREED)
    return sessions().where(*others, agreed).order_by(SessionTable.opened_ms).limit(SEARCHED)


async def parts(
    connection: AsyncConnection, table: type[Part], session: str
) -> Sequence[RowMapping]:
    """Return the rows of a session in the order of their key."""
    columns = table.__table__
    found = select(columns).where(table.session == session).order_by(*columns.primary_key)
    return (await connection.execute(found)).mappings().all()


async def kept(connection: AsyncConnection, ids: set[str]) -> set[str]:
    """Return those of ``ids`` that are there; until the transaction ends they stay."""
    statement = select(SessionTable.id).where(
        SessionTable.id.in_(sorted(ids)), SessionTable.erased_ms.is_(None)
    )
    return set((await connection.execute(statement.with_for_update(read=True))).scalars())


async def add(
    connection: AsyncConnection, table: type[Tables], values: list[dict[str, Any]]
) -> None:
    """Insert what is not there yet."""
    if values:
        await connection.execute(insert(connection.dialect, table).on_conflict_do_nothing(), values)


async def close(connection: AsyncConnection, closing: Closing) -> None:
    """Note how a session ended, unless it was erased."""
    ending = msgspec.json.encode(Ending(closing.reason, closing.totals)).decode()
    there = SessionTable.id == closing.session, SessionTable.erased_ms.is_(None)
    change = update(SessionTable).where(*there)
    await connection.execute(change.values(closed_ms=closing.closed_ms, ending=ending))


async def erase(
    connection: AsyncConnection, sessions: Sequence[str], now_ms: int, *, revoked: bool
) -> Erased:
    """Erase sessions, at a time in milliseconds of Unix time; return what there was."""
    ids = sorted(sessions)
    found = SessionTable.id.in_(ids), SessionTable.erased_ms.is_(None)
    there = await connection.scalar(select(func.count()).where(*found))
    # The empty row comes first: it waits for a writer that has the full one, and those that
    # come later find it empty.
    why = REVOKED if revoked else None
    values = [{"id": id_, "erased_ms": now_ms, "ending": why} for id_ in ids]
    statement = insert(connection.dialect, SessionTable)
    said = {name: statement.excluded[name] for name in ("erased_ms", "ending")}
    nothing = dict.fromkeys(_EMPTY) | said
    conflict = {"index_elements": ["id"], "set_": nothing, "where": found[1]}
    await connection.execute(statement.on_conflict_do_update(**conflict), values)
    states, events, lines, notes = [
        (await connection.execute(delete(table).where(table.session.in_(ids)))).rowcount
        for table in _PARTS
    ]
    counts = [select(func.count()).where(table.session.in_(ids)) for table in _PARTS]
    left = [await connection.scalar(count) or 0 for count in counts]
    return Erased(there or 0, states, events, lines, sum(left), notes)


async def rotate(connection: AsyncConnection, cipher: Cipher) -> tuple[int, int]:
    """Encrypt under the first key what is under another; return how many sessions and texts.

    Raises:
        RecordsError: no key opens one of them.
    """
    named = (await connection.execute(sessions())).all()
    old = [row for row in named if not cipher.is_newest(row.identity)]
    for row in old:
        await _seal_session(connection, row, cipher)
    texts = [await _seal_texts(connection, table, cipher) for table in (LineTable, NoteTable)]
    return len(old), sum(texts)


async def _seal_texts(
    connection: AsyncConnection, table: type[LineTable | NoteTable], cipher: Cipher
) -> int:
    columns = table.__table__
    rows = (await connection.execute(select(columns))).all()
    old = [row for row in rows if not cipher.is_newest(row.body)]
    for row in old:
        key = [column == row._mapping[column.name] for column in columns.primary_key]
        body = cipher.seal(cipher.unseal(row.body))
        await connection.execute(update(table).where(*key).values(body=body))
    return len(old)


async def _seal_session(connection: AsyncConnection, row: Row[Any], cipher: Cipher) -> None:
    data = cipher.unseal(row.identity)
    person = msgspec.json.decode(data, type=Person)
    digest = cipher.digests(person.holder, person.participant)[0]
    change = update(SessionTable).where(SessionTable.id == row.id)
    await connection.execute(change.values(identity=cipher.seal(data), person=digest))
