"""Tables of the records.

An erased session leaves an empty row of ``sessions`` behind, with ``erased_ms``: what is written
late for it, by whichever gateway, finds that row and is refused.
"""

from sqlalchemy import BigInteger, ForeignKey, Index, LargeBinary, String, Text
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column


class Tables(DeclarativeBase):
    """Every table; its metadata is compared with the migrations."""


class SessionTable(Tables):
    """One row a session.

    Of an erased one ``id`` and ``erased_ms`` are left, and ``ending`` if its consent was revoked.
    """

    __tablename__ = "sessions"
    __table_args__ = (
        Index("sessions_by_person", "person", "opened_ms"),
        Index("sessions_by_age", "opened_ms"),
    )

    id: Mapped[str] = mapped_column(String(32), primary_key=True)
    opened_ms: Mapped[int | None] = mapped_column(BigInteger)
    expires_ms: Mapped[int | None] = mapped_column(BigInteger)
    """When the session's own retention ends, if it has one."""
    person: Mapped[str | None] = mapped_column(String(64))
    """Keyed digest of the participant's name."""
    identity: Mapped[str | None] = mapped_column(Text)
    """:class:`~esapr.server.records.rows.Person`, encrypted."""
    facts: Mapped[str | None] = mapped_column(Text)
    """What says nothing about the person, as JSON."""
    closed_ms: Mapped[int | None] = mapped_column(BigInteger)
    ending: Mapped[str | None] = mapped_column(Text)
    """Reason and totals, as JSON; :data:`~esapr.server.records.statements.REVOKED`."""
    erased_ms: Mapped[int | None] = mapped_column(BigInteger)


class StateTable(Tables):
    """One row a state."""

    __tablename__ = "states"
    __table_args__ = ({"sqlite_with_rowid": False},)

    session: Mapped[str] = mapped_column(ForeignKey("sessions.id"), primary_key=True)
    seq: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    t_start_ms: Mapped[int] = mapped_column(BigInteger)
    t_end_ms: Mapped[int] = mapped_column(BigInteger)
    body: Mapped[bytes] = mapped_column(LargeBinary)


class EventTable(Tables):
    """One row an event or a warning."""

    __tablename__ = "events"
    __table_args__ = ({"sqlite_with_rowid": False},)

    session: Mapped[str] = mapped_column(ForeignKey("sessions.id"), primary_key=True)
    t_ms: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    n: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    kind: Mapped[str] = mapped_column(String(16))
    label: Mapped[str] = mapped_column(String(16))
    active: Mapped[bool]


class LineTable(Tables):
    """One row a line of text."""

    __tablename__ = "lines"
    __table_args__ = ({"sqlite_with_rowid": False},)

    session: Mapped[str] = mapped_column(ForeignKey("sessions.id"), primary_key=True)
    t_ms: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    n: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    source: Mapped[str] = mapped_column(String(16))
    body: Mapped[str] = mapped_column(Text)
    """The text, encrypted."""


class NoteTable(Tables):
    """One row a note."""

    __tablename__ = "notes"
    __table_args__ = ({"sqlite_with_rowid": False},)

    session: Mapped[str] = mapped_column(ForeignKey("sessions.id"), primary_key=True)
    id: Mapped[str] = mapped_column(String(32), primary_key=True)
    t_ms: Mapped[int] = mapped_column(BigInteger)
    kept_ms: Mapped[int] = mapped_column(BigInteger)
    body: Mapped[str] = mapped_column(Text)
    """Author and text as JSON, encrypted."""
