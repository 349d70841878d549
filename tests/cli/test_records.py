"""``esapr records`` on a database with a session in it."""

import asyncio
import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from esapr.cli.main import main
from esapr.server.config import ServerConfig
from esapr.server.records.cipher import new_key
from esapr.server.trust.tokens import unix_time
from tests.server.records.stored import DAY_MS, OTHER, RECEIPT, SESSION, batch, store_of

NOW_MS = round(unix_time() * 1000)
ONE = "erased 1 sessions: 10 states, 2 events, 1 lines of text, 0 notes; 0 rows remain\n"
NONE = "erased 0 sessions: 0 states, 0 events, 0 lines of text, 0 notes; 0 rows remain\n"


@pytest.fixture(autouse=True)
def config(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> ServerConfig:
    """Two people's sessions, one of them two months old."""
    monkeypatch.setenv("ESAPR_STATE_DIR", str(tmp_path))
    found = ServerConfig(state_dir=str(tmp_path))

    async def fill() -> None:
        async with store_of(found) as store:
            await store.write(batch(SESSION, "Ada", opened_ms=NOW_MS - 60 * DAY_MS))
            await store.write(batch(OTHER, "Grace", opened_ms=NOW_MS))

    asyncio.run(fill())
    return found


def esapr(*arguments: str, answer: str | None = None) -> Result:
    return CliRunner().invoke(main, ["records", *arguments], input=answer)


def exported(participant: str) -> list[str]:
    out = esapr("export", "--participant", participant).stdout
    return [session["session"] for session in json.loads(out)["sessions"]]


def test_export_writes_everything_about_one_person(tmp_path: Path) -> None:
    file = tmp_path / "ada.json"

    outcome = esapr("export", "--participant", "Ada", "--out", str(file))

    assert (outcome.exit_code, outcome.stderr) == (0, "1 sessions\n")
    bundle = json.loads(file.read_text(encoding="utf-8"))
    assert (bundle["format"], bundle["participant"]) == ("esapr-export-1", "Ada")
    (session,) = bundle["sessions"]
    assert (session["session"], session["room"]) == (SESSION, "ward-7")
    assert session["receipt"] == RECEIPT
    assert [len(session[part]) for part in ("states", "events", "lines")] == [10, 2, 1]
    assert session["states"][0]["fused"]["label"] == "happy"
    assert session["lines"][0]["body"] == "the canary sings"


def test_a_person_is_erased_and_the_others_stay() -> None:
    assert esapr("erase", "--participant", "Ada").output == ONE
    assert (exported("Ada"), exported("Grace")) == ([], [OTHER])
    assert esapr("erase", "--participant", "Ada").output == NONE


def test_what_was_done_is_in_the_audit_log_without_a_name(tmp_path: Path) -> None:
    exported("Ada")
    esapr("erase", "--participant", "Ada")
    esapr("erase", "--session", OTHER)
    esapr("retain")

    assert CliRunner().invoke(main, ["audit", "verify"]).exit_code == 0
    lines = (tmp_path / "audit/0/000000.jsonl").read_text(encoding="utf-8").splitlines()
    events = [json.loads(line) for line in lines]
    assert [(line["event"], line["actor"], line["session"]) for line in events] == [
        ("records.exported", "operator", ""),
        ("records.erased", "operator", ""),
        ("records.erased", "operator", OTHER),
        ("retention.applied", "operator", ""),
    ]
    assert events[0]["detail"]["participant"] == events[1]["detail"]["participant"]
    assert (events[1]["detail"]["states"], events[1]["detail"]["remaining"]) == ("10", "0")
    assert "Ada" not in "".join(lines)


def test_a_session_is_erased() -> None:
    assert esapr("erase", "--session", OTHER).output == ONE
    assert (exported("Ada"), exported("Grace")) == ([SESSION], [])


@pytest.mark.parametrize(
    "arguments", [(), ("--session", SESSION, "--participant", "Ada"), ("--session", "abc")]
)
def test_what_to_erase_has_to_be_said_once(arguments: tuple[str, ...]) -> None:
    assert esapr("erase", *arguments).exit_code == 2
    assert (exported("Ada"), exported("Grace")) == ([SESSION], [OTHER])


def test_retain_erases_what_is_older_than_the_retention() -> None:
    assert esapr("retain").output == ONE
    assert (exported("Ada"), exported("Grace")) == ([], [OTHER])
    assert esapr("retain").output == NONE


def test_a_key_is_replaced_in_three_steps(tmp_path: Path) -> None:
    file = tmp_path / "records.key"
    old, new = file.read_text(encoding="ascii"), esapr("make-key").output

    file.write_text(new + old, encoding="ascii")
    assert "2 sessions and 2 lines and notes re-encrypted" in esapr("rotate-key").output
    file.write_text(new, encoding="ascii")

    assert (exported("Ada"), exported("Grace")) == ([SESSION], [OTHER])


def test_a_wrong_key_is_said_in_one_line(tmp_path: Path) -> None:
    (tmp_path / "records.key").write_text(new_key(), encoding="ascii")

    outcome = esapr("export", "--participant", "Ada")

    assert outcome.exit_code == 1
    assert outcome.output == "Error: no key of the records opens what is stored\n"


def test_migrations_go_down_and_up() -> None:
    assert esapr("migrate", "current").output == "schema 0002, this version has 0002\n"
    assert esapr("migrate", "down", answer="n\n").exit_code == 1
    assert exported("Ada") == [SESSION]
    assert esapr("migrate", "down", "--yes").output == "schema 0001\n"
    assert esapr("migrate", "down", "--yes").output == "schema none\n"
    assert esapr("migrate", "current").output == "schema none, this version has 0002\n"
    assert esapr("migrate", "up").output == "schema 0002\n"
    assert exported("Ada") == []
