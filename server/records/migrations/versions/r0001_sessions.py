"""Sessions, states, events and lines."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None


def upgrade() -> None:
    """Create the tables."""
    op.create_table(
        "sessions",
        sa.Column("id", sa.String(32), primary_key=True),
        sa.Column("opened_ms", sa.BigInteger),
        sa.Column("expires_ms", sa.BigInteger),
        sa.Column("person", sa.String(64)),
        sa.Column("identity", sa.Text),
        sa.Column("facts", sa.Text),
        sa.Column("closed_ms", sa.BigInteger),
        sa.Column("ending", sa.Text),
        sa.Column("erased_ms", sa.BigInteger),
    )
    op.create_index("sessions_by_person", "sessions", ["person", "opened_ms"])
    op.create_index("sessions_by_age", "sessions", ["opened_ms"])
    _create(
        "states",
        sa.Column("seq", sa.BigInteger, primary_key=True),
        sa.Column("t_start_ms", sa.BigInteger, nullable=False),
        sa.Column("t_end_ms", sa.BigInteger, nullable=False),
        sa.Column("body", sa.LargeBinary, nullable=False),
    )
    _create(
        "events",
        sa.Column("t_ms", sa.BigInteger, primary_key=True),
        sa.Column("n", sa.BigInteger, primary_key=True),
        sa.Column("kind", sa.String(16), nullable=False),
        sa.Column("label", sa.String(16), nullable=False),
        sa.Column("active", sa.Boolean, nullable=False),
    )
    _create(
        "lines",
        sa.Column("t_ms", sa.BigInteger, primary_key=True),
        sa.Column("n", sa.BigInteger, primary_key=True),
        sa.Column("source", sa.String(16), nullable=False),
        sa.Column("body", sa.Text, nullable=False),
    )


def downgrade() -> None:
    """Drop them, with all that they hold."""
    for table in ("lines", "events", "states", "sessions"):
        op.drop_table(table)


def _create(table: str, *columns: sa.Column[object]) -> None:
    session = sa.Column("session", sa.String(32), sa.ForeignKey("sessions.id"), primary_key=True)
    op.create_table(table, session, *columns, sqlite_with_rowid=False)
