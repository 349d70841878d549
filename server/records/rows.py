"""What is stored of a session. No asyncio, no clock."""

from msgspec import Struct
from msgspec.structs import asdict, astuple

from esapr.protocol.messages import Totals
from esapr.protocol.requests import Modality


class Person(Struct, frozen=True):
    """What says who a session is about, stored encrypted.

    ``receipt`` is the consent receipt, with the ``purpose`` and the ``jurisdiction`` it was for.
    ``holder`` is the name of the key that opened it, or empty: two holders may give two people one
    name.
    """

    holder: str
    participant: str
    room: str
    receipt: dict[str, object]


class Facts(Struct, frozen=True):
    """What is known of a session when it opens.

    ``opened_ms`` is in milliseconds of Unix time. ``keep_days`` is the session's own retention,
    None for the deployment's. ``purpose`` is what it was opened for, None if that was not kept yet.
    With ``cohort`` it may be among those that others are compared with.
    """

    session: str
    opened_ms: int
    person: Person
    tick_ms: int
    modalities: list[Modality]
    models: dict[str, str]
    keep_days: int | None = None
    keep_text: bool = False
    purpose: str | None = None
    cohort: bool = False


class Closing(Struct, frozen=True):
    """How a session ended; ``closed_ms`` is in milliseconds of Unix time."""

    session: str
    closed_ms: int
    reason: str
    totals: Totals


class StateRow(Struct, frozen=True):
    """A state: ``body`` is packed, times are milliseconds on the session clock."""

    session: str
    seq: int
    t_start_ms: int
    t_end_ms: int
    body: bytes


class EventRow(Struct, frozen=True):
    """An event, or a warning with its code as ``label``; ``n`` tells those of one time apart."""

    session: str
    t_ms: int
    n: int
    kind: str
    label: str
    active: bool


class LineRow(Struct, frozen=True):
    """A line of text; the store encrypts ``body``."""

    session: str
    t_ms: int
    n: int
    source: str
    body: str


class NoteRow(Struct, frozen=True):
    """A note of somebody who followed the room.

    ``t_ms`` is on the session clock, ``kept_ms`` in milliseconds of Unix time. ``author`` is who
    wrote it, as the audit log names them. The store encrypts ``author`` and ``body``.
    """

    session: str
    id: str
    t_ms: int
    kept_ms: int
    author: str
    body: str


Row = StateRow | EventRow | LineRow


class Recording(Struct, frozen=True):
    """A session as it is stored, in order of time; without its lines."""

    facts: Facts
    closing: Closing | None
    states: list[StateRow]
    events: list[EventRow]


class Erased(Struct, frozen=True):
    """What was erased, and how many rows of it were still found afterwards: none."""

    sessions: int
    states: int
    events: int
    lines: int
    remaining: int
    notes: int = 0

    def detail(self) -> dict[str, str]:
        """Return what the audit log says of it."""
        return {name: str(count) for name, count in asdict(self).items()}

    def __add__(self, other: "Erased") -> "Erased":
        """Return the sums."""
        return Erased(*map(sum, zip(astuple(self), astuple(other), strict=True)))
