"""The audit chain: each line carries the hash of the line before it. No asyncio, no clock.

A line is compact JSON, its keys in the order of :class:`Line`, those of ``detail`` sorted. Its
``hash`` is that of the same line with an empty ``hash``: SHA-256 or, with a key, HMAC-SHA-256.

Without a key the chain finds a line that was changed, removed or put elsewhere, unless all that
follows was written anew as well. With a key, whoever does not have it cannot do that either. Lines
cut off at the end are found by a *head*, the index and hash of the newest line: one lies beside the
log, and one that is kept out of the writer's reach finds a log that was replaced as a whole.
"""

import hmac
from bisect import bisect_right
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from hashlib import sha256
from typing import Literal

import msgspec
from msgspec import Struct

AuditEvent = Literal[
    "analysis.opened",
    "audit.repaired",
    "consent.given",
    "consent.revoked",
    "key.created",
    "key.revoked",
    "note.kept",
    "policy.allowed",
    "policy.overridden",
    "policy.refused",
    "records.erased",
    "records.exported",
    "report.read",
    "retention.applied",
    "rooms.listed",
    "session.opened",
    "sessions.listed",
    "staff.refused",
    "staff.signed_in",
    "staff.signed_out",
    "token.issued",
    "token.revoked",
]
Kind = Literal["changed", "removed", "reordered", "truncated"]

START = "0" * 64
"""What the first line has for the hash of the line before it."""


class Line(Struct, frozen=True, forbid_unknown_fields=True):
    """One line. ``index`` counts from 0, ``time`` is RFC 3339 in UTC, ``actor`` who acted.

    Nothing in it is content, a score or a name: people appear as :func:`person_digest`.
    """

    index: int
    time: str
    event: str
    actor: str
    session: str
    detail: dict[str, str]
    previous: str
    hash: str


@dataclass(frozen=True, slots=True)
class Entry:
    """What a line says; ``at`` is when it happened."""

    at: datetime
    event: AuditEvent
    actor: str
    session: str
    detail: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Head:
    """The newest line of a chain; index -1 of one that has none."""

    index: int = -1
    hash: str = START


@dataclass(frozen=True, slots=True)
class Finding:
    """What is wrong, first noticed at ``line`` (counted from 1)."""

    line: int
    kind: Kind
    problem: str


class Chain:
    """Writes lines."""

    def __init__(self, head: Head, key: bytes | None) -> None:
        """Continue after ``head``."""
        self.head = head
        self._key = key

    def append(self, entry: Entry) -> bytes:
        """Return the next line, with its line feed."""
        line = Line(
            index=self.head.index + 1,
            time=entry.at.astimezone(UTC).isoformat(timespec="milliseconds"),
            event=entry.event,
            actor=entry.actor,
            session=entry.session,
            detail=dict(entry.detail),
            previous=self.head.hash,
            hash="",
        )
        sealed = _seal(line, self._key)
        self.head = Head(sealed.index, sealed.hash)
        return _encode(sealed) + b"\n"


def head_of(data: bytes, key: bytes | None) -> Head | None:
    """Return the head that a line is; None if it does not bear its own hash."""
    line = _read(data, key)
    return Head(line.index, line.hash) if line else None


def verify(lines: Iterable[bytes], key: bytes | None, heads: Iterable[Head]) -> list[Finding]:
    """Return everything that is wrong with a log, in the order of its lines.

    ``lines`` come without their line feeds; each of ``heads`` was the newest line at some time.
    """
    verifier = _Verifier(key, heads)
    for line in lines:
        verifier.take(line)
    return verifier.findings()


def person_digest(key: bytes, name: str) -> str:
    """Return what stands for a person: whoever has the key can tell whether a name is meant."""
    return hmac.digest(key, name.encode(), "sha256").hex()[:32]


@dataclass(slots=True)
class _Gap:
    """Indices ``[first, stop)`` that were passed over at ``line``; ``late`` ones came after it."""

    line: int
    first: int
    stop: int
    late: set[int] = field(default_factory=set)

    def findings(self) -> Iterable[Finding]:
        if self.late:
            yield Finding(
                self.line, "reordered", f"entry {min(self.late)} comes later in the log than here"
            )
        lost = self.stop - self.first - len(self.late)
        if lost:
            yield Finding(self.line, "removed", f"{lost} entries before entry {self.stop} are gone")


class _Verifier:
    """Reads lines one by one; keeps only what is wrong with them."""

    def __init__(self, key: bytes | None, heads: Iterable[Head]) -> None:
        self._key = key
        self._heads = [head for head in heads if head.index >= 0]
        self._number = 0
        self._expected = Head()
        self._linked = True
        self._found: list[Finding] = []
        self._gaps: list[_Gap] = []

    def take(self, data: bytes) -> None:
        self._number += 1
        line = _read(data, self._key)
        if line is None:
            self._add(self._number, "changed", "the line does not bear its own hash")
            # Whether the next line follows the one that stood here cannot be said.
            self._linked = False
            self._expected = Head(self._expected.index + 1)
            return
        for head in self._heads:
            if head.index == line.index and head.hash != line.hash:
                self._add(self._number, "changed", f"entry {line.index} is not the one it was")
        if line.index <= self._expected.index:
            self._take_late(line.index)
            return
        self._check_link(line)
        self._expected, self._linked = Head(line.index, line.hash), True

    def findings(self) -> list[Finding]:
        for head in self._heads:
            if head.index > self._expected.index:
                last = f"the log ends before entry {head.index}, which was written"
                self._add(self._number + 1, "truncated", last)
        for gap in self._gaps:
            self._found.extend(gap.findings())
        return sorted(self._found, key=lambda finding: finding.line)

    def _check_link(self, line: Line) -> None:
        first = self._expected.index + 1
        if line.index > first:
            self._gaps.append(_Gap(self._number, first, line.index))
        elif self._linked and line.previous != self._expected.hash:
            changed = max(1, self._number - 1)
            self._add(changed, "changed", "the next line follows another one than this")

    def _take_late(self, index: int) -> None:
        place = bisect_right(self._gaps, index, key=lambda gap: gap.first) - 1
        gap = self._gaps[place] if place >= 0 else None
        if gap is not None and index < gap.stop and index not in gap.late:
            gap.late.add(index)
        else:
            self._add(self._number, "reordered", f"entry {index} comes a second time")

    def _add(self, line: int, kind: Kind, problem: str) -> None:
        self._found.append(Finding(line, kind, problem))


def _read(data: bytes, key: bytes | None) -> Line | None:
    try:
        line = msgspec.json.decode(data, type=Line)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return None
    return line if _encode(_seal(line, key)) == data else None


def _seal(line: Line, key: bytes | None) -> Line:
    content = _encode(msgspec.structs.replace(line, hash=""))
    digest = hmac.digest(key, content, "sha256") if key else sha256(content).digest()
    return msgspec.structs.replace(line, hash=digest.hex())


def _encode(line: Line) -> bytes:
    return msgspec.json.encode(line, order="deterministic")
