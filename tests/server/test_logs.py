"""What the log says: a line a session, fields that are allowed, and all of it documented."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
import structlog
from structlog.testing import capture_logs

from esapr.server import logs
from tests.server.http.feeds import client

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs/reference/logs.md").read_text(encoding="utf-8")
PACKAGES = ("cli", "cluster", "inference", "server")


def calls() -> Iterator[tuple[str, ast.Call]]:
    """Every call that writes a line, with its file."""
    for package in PACKAGES:
        for path in (ROOT / package).rglob("*.py"):
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
                match node:
                    case ast.Call(func=ast.Attribute(value=ast.Name(id="log"))):
                        yield path.name, node


def test_every_event_is_documented() -> None:
    events = {str(call.args[0].value) for _, call in calls()}  # type: ignore[attr-defined]

    assert len(events) > 30
    assert events == set(re.findall(r"^\| `(\w+)` \| (?:info|warning|error) \|", PAGE, re.M))


def test_every_field_is_allowed_and_every_allowed_one_documented() -> None:
    written = {keyword.arg for _, call in calls() for keyword in call.keywords if keyword.arg}

    assert written <= logs.ALLOWED_FIELDS
    assert set(re.findall(r"`(\w+)`", PAGE)) >= logs.ALLOWED_FIELDS


def test_a_field_that_is_not_allowed_is_a_bug() -> None:
    with pytest.raises(logs.PrivacyError, match="participant"):
        logs.only_allowed_fields(structlog.get_logger(), "info", {"participant": "somebody"})


@pytest.mark.real_time
async def test_a_session_is_told_in_one_line_at_its_end() -> None:
    with capture_logs() as lines:
        async with client() as (session, _), session.greeted() as socket:
            await socket.send_json({"type": "text", "source": "chat", "body": "what a day"})
            await socket.send_json({"type": "close"})
            async for _ in socket:
                pass
    (line,) = [each for each in lines if each["event"] == "session_closed"]

    assert line["session"] == session.credentials["session_id"]
    assert line["reason"] == "closed"
    assert line["lines"] + line["dropped_lines"] == 1
    assert line["feeds"] == 1
    assert line["frames"] == line["peers"] == 0
    assert line["states"] >= 1
    assert "what a day" not in str(lines)
    assert line.keys() - {"log_level"} <= logs.ALLOWED_FIELDS
