"""Records of sessions: states, events and consented text, in SQLite or PostgreSQL. Never media."""


class RecordsError(Exception):
    """The records cannot be opened, read or written as they are; the message says why."""


class RecordsAwayError(RecordsError):
    """The database does not answer; it may do so later."""
