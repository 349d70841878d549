"""Notes in the database, on a connection that is in a transaction."""

from typing import Literal

import msgspec
from msgspec import Struct
from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from esapr.server.records import statements
from esapr.server.records.cipher import Cipher
from esapr.server.records.rows import NoteRow
from esapr.server.records.schema import NoteTable, SessionTable

Outcome = Literal["kept", "unrecorded", "full"]


class _Sealed(Struct, frozen=True):
    author: str
    body: str


async def keep_note(
    connection: AsyncConnection, cipher: Cipher, note: NoteRow, most: int
) -> Outcome:
    """Keep a note, or the one that is there under its id.

    It is ``unrecorded`` where nothing is kept of its session, ``full`` where ``most`` others are.
    """
    # Whoever else adds a note waits here, so that the count holds; so does an erasure.
    there = select(SessionTable.id).where(
        SessionTable.id == note.session, SessionTable.erased_ms.is_(None)
    )
    if await connection.scalar(there.with_for_update()) is None:
        return "unrecorded"
    others = select(func.count()).where(NoteTable.session == note.session, NoteTable.id != note.id)
    if (await connection.scalar(others) or 0) >= most:
        return "full"
    sealed = cipher.seal(msgspec.json.encode(_Sealed(note.author, note.body)))
    value = {
        "session": note.session,
        "id": note.id,
        "t_ms": note.t_ms,
        "kept_ms": note.kept_ms,
        "body": sealed,
    }
    await statements.add(connection, NoteTable, [value])
    return "kept"


async def read_notes(connection: AsyncConnection, cipher: Cipher, session: str) -> list[NoteRow]:
    """Return the notes of a session, as they were kept.

    Raises:
        RecordsError: no key opens one of them.
    """
    rows = await statements.parts(connection, NoteTable, session)
    found = []
    for row in sorted(rows, key=lambda row: row["kept_ms"]):
        sealed = msgspec.json.decode(cipher.unseal(row["body"]), type=_Sealed)
        found.append(
            NoteRow(session, row["id"], row["t_ms"], row["kept_ms"], sealed.author, sealed.body)
        )
    return found
