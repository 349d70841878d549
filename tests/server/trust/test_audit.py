"""The audit chain finds what was done to it."""

import json
from collections.abc import Callable
from datetime import UTC, datetime
from hashlib import sha256

import pytest
from hypothesis import given
from hypothesis import strategies as st

from esapr.server.trust.audit import Chain, Entry, Finding, Head, head_of, person_digest, verify

KEY = b"k" * 32
ENTRY = Entry(
    datetime(2026, 11, 23, 12, tzinfo=UTC),
    "consent.given",
    "key:4f1d",
    "s1",
    {"text_version": "2026-11", "language": "en"},
)


def written(count: int, key: bytes | None = None) -> tuple[list[bytes], Head]:
    chain = Chain(Head(), key)
    return [chain.append(ENTRY).removesuffix(b"\n") for _ in range(count)], chain.head


def forged(line: bytes, **changes: object) -> bytes:
    """Return a line that was changed and bears the hash of what it says now."""
    changed = json.loads(line) | changes | {"hash": ""}
    bare = json.dumps(changed, separators=(",", ":")).encode()
    return bare[:-2] + sha256(bare).hexdigest().encode() + b'"}'


def test_a_log_that_nobody_touched_is_sound() -> None:
    for key in (None, KEY):
        lines, head = written(8, key)
        assert verify(lines, key, [head]) == []


def test_the_format_can_be_checked_with_other_tools() -> None:
    """Anybody with a JSON reader and SHA-256 can follow docs/reference/audit.md."""
    lines, _ = written(3)
    previous = "0" * 64
    for index, line in enumerate(lines):
        said = json.loads(line)
        bare = line.replace(f'"hash":"{said["hash"]}"'.encode(), b'"hash":""')
        assert said["hash"] == sha256(bare).hexdigest()
        assert (said["index"], said["previous"]) == (index, previous)
        previous = said["hash"]


def changed(lines: list[bytes]) -> list[bytes]:
    return [*lines[:3], lines[3].replace(b"2026-11", b"2025-01"), *lines[4:]]


def changed_with_its_hash(lines: list[bytes]) -> list[bytes]:
    return [*lines[:3], forged(lines[3], actor="nobody"), *lines[4:]]


def removed(lines: list[bytes]) -> list[bytes]:
    return [*lines[:3], *lines[5:]]


def swapped(lines: list[bytes]) -> list[bytes]:
    return [*lines[:3], lines[4], lines[3], *lines[5:]]


def repeated(lines: list[bytes]) -> list[bytes]:
    return [*lines[:3], lines[1], *lines[3:]]


def cut_off(lines: list[bytes]) -> list[bytes]:
    return lines[:-2]


def garbled(lines: list[bytes]) -> list[bytes]:
    return [*lines[:3], b"\xff{", *lines[4:]]


def spaced(lines: list[bytes]) -> list[bytes]:
    return [*lines[:3], json.dumps(json.loads(lines[3])).encode(), *lines[4:]]


@pytest.mark.parametrize("key", [None, KEY])
@pytest.mark.parametrize(
    ("tamper", "line", "kind"),
    [
        (changed, 4, "changed"),
        (changed_with_its_hash, 4, "changed"),
        (removed, 4, "removed"),
        (swapped, 4, "reordered"),
        (repeated, 4, "reordered"),
        (cut_off, 7, "truncated"),
        (garbled, 4, "changed"),
        (spaced, 4, "changed"),
    ],
)
def test_the_first_bad_line_is_named(
    tamper: Callable[[list[bytes]], list[bytes]], line: int, kind: str, key: bytes | None
) -> None:
    lines, head = written(8, key)
    first = verify(tamper(lines), key, [head])[0]
    assert (first.line, first.kind) == (line, kind)


def test_a_lost_line_and_one_that_was_moved_are_both_named() -> None:
    lines, head = written(8)
    findings = verify([*lines[:2], *lines[5:7], lines[3], lines[7]], None, [head])
    assert [(found.line, found.kind) for found in findings] == [(3, "reordered"), (3, "removed")]
    assert "2 entries" in findings[1].problem


def test_the_first_line_cannot_be_lost_unseen() -> None:
    lines, head = written(3)
    assert verify(lines[1:], None, [head])[0] == Finding(
        1, "removed", "1 entries before entry 1 are gone"
    )
    assert verify([], None, [head])[0].kind == "truncated"


def rewritten(lines: list[bytes]) -> list[bytes]:
    """Everything anew, from the fourth line on, by somebody without the key."""
    chain = Chain(head_of(lines[2], None) or Head(), None)
    entry = Entry(ENTRY.at, "consent.given", "somebody else", "", {})
    return [*lines[:3], *(chain.append(entry).removesuffix(b"\n") for _ in lines[3:])]


def test_a_log_that_was_written_anew_is_found_by_a_head_that_was_kept() -> None:
    lines, head = written(8)
    assert verify(rewritten(lines), None, []) == []
    assert verify(rewritten(lines), None, [head])[0].kind == "changed"


def test_a_log_that_was_written_anew_without_the_key_is_found() -> None:
    lines, _ = written(8, KEY)
    assert verify(rewritten(lines), KEY, [])[0].kind == "changed"


def test_a_head_tells_its_own_key_only() -> None:
    lines, head = written(1, KEY)
    assert head_of(lines[0], KEY) == head
    assert head_of(lines[0], None) is None


def test_a_person_is_known_by_those_who_have_the_key() -> None:
    assert person_digest(KEY, "ann") == person_digest(KEY, "ann")
    others = {person_digest(key, name) for key in (KEY, b"other") for name in ("ann", "ben")}
    assert len(others) == 4


LINES, HEAD = written(12)


@given(st.permutations(range(12)))
def test_no_other_order_is_sound(order: list[int]) -> None:
    sound = verify([LINES[index] for index in order], None, [HEAD]) == []
    assert sound == (order == list(range(12)))


@given(st.sets(st.integers(0, 11)))
def test_no_part_is_sound(kept: set[int]) -> None:
    assert (verify([LINES[i] for i in sorted(kept)], None, [HEAD]) == []) == (len(kept) == 12)


@given(st.integers(0, 11), st.data())
def test_no_byte_can_be_changed(index: int, data: st.DataObject) -> None:
    line = bytearray(LINES[index])
    place = data.draw(st.integers(0, len(line) - 1))
    line[place] ^= data.draw(st.integers(1, 255))
    findings = verify([*LINES[:index], bytes(line), *LINES[index + 1 :]], None, [HEAD])
    assert findings[0].line == index + 1


@given(st.lists(st.binary(max_size=200), max_size=6))
def test_any_bytes_are_read_without_an_error(lines: list[bytes]) -> None:
    assert len(verify(lines, None, [])) == len(lines)


@given(
    st.text(max_size=20),
    st.text(max_size=20),
    st.dictionaries(st.text(max_size=5), st.text(max_size=9)),
)
def test_whatever_is_written_is_sound(actor: str, session: str, detail: dict[str, str]) -> None:
    chain = Chain(Head(), None)
    entry = Entry(ENTRY.at, "session.opened", actor, session, detail)
    lines = [chain.append(entry).removesuffix(b"\n") for _ in range(2)]
    assert verify(lines, None, [chain.head]) == []
    assert not any(b"\n" in line for line in lines)
