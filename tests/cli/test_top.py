"""What ``esapr top`` makes of two looks; on a real server it is tests/docker/test_watching.py."""

import io

import pytest
from click.testing import CliRunner
from rich.console import Console

from esapr.cli.main import main
from esapr.cli.top_view import Look, screen, span
from esapr.load_tests.reports.exposition import Reading
from esapr.server.metrics import Metrics


def said(metrics: Metrics, at: float) -> Look:
    return Look(at, Reading.of(metrics.text().decode()))


def shown(before: dict[str, Look], after: dict[str, Look]) -> str:
    out = io.StringIO()
    Console(file=out, width=80).print(screen(before, after))
    return out.getvalue()


def row(text: str, *cells: str) -> list[str]:
    """Return the row that begins with these cells."""
    for line in text.splitlines():
        found = [cell.strip() for cell in line.split("│")[1:-1]]
        if found[: len(cells)] == list(cells):
            return found
    raise AssertionError(text)


def test_counters_are_shown_as_rates_between_two_looks() -> None:
    metrics = Metrics()
    metrics.sessions_limit.set(64)
    metrics.dropped("face", "stale", 1000)
    before = said(metrics, 10.0)
    metrics.sessions.set(3)
    metrics.dropped("face", "stale", 10)
    metrics.waiting("face_landmarks", 7)
    for _ in range(4):
        metrics.batch_done("face_landmarks", 2, queued=0.004, ran=0.01)
    text = shown({"a": before}, {"a": said(metrics, 14.0)})

    assert row(text, "a")[1] == "3 of 64"
    # Eight faces and forty milliseconds of work in four seconds.
    assert row(text, "face_landmarks")[1:4] == ["2.0", "2.0", "7"]
    assert row(text, "face_landmarks")[-1] == "1%"
    assert row(text, "face", "stale") == ["face", "stale", "2.5"]


def test_gateways_stand_one_below_the_other_and_models_are_added_up() -> None:
    both = {"a": Metrics(), "b": Metrics()}
    before = {name: said(metrics, 0.0) for name, metrics in both.items()}
    for metrics in both.values():
        metrics.batch_done("voice_expression", 3, queued=0.0, ran=0.1)
    text = shown(before, {name: said(metrics, 1.0) for name, metrics in both.items()})

    assert row(text, "a")
    assert row(text, "b")
    assert row(text, "voice_expression")[1] == "6.0"


def test_a_gateway_that_began_anew_counts_from_zero() -> None:
    old, new = Metrics(), Metrics()
    old.dropped("face", "stale", 500)
    new.dropped("face", "stale", 4)

    found = span(said(old, 0.0), said(new, 2.0))
    assert found
    assert found.rate("esapr_dropped_total", stage="face", reason="stale") == 2


def test_who_does_not_answer_is_said_beside_who_does() -> None:
    metrics = Metrics()
    text = shown(
        {"a": said(metrics, 0.0), "b": Look(0.0, None)},
        {"a": said(metrics, 1.0), "b": Look(1.0, None)},
    )

    assert row(text, "b")[1] == "does not answer"
    assert row(text, "nothing")


@pytest.mark.parametrize("url", ["localhost:8000", "ftp://host", "http://"])
def test_an_address_has_to_be_one(url: str) -> None:
    found = CliRunner().invoke(main, ["top", url])

    assert found.exit_code == 2
    assert "http://HOST:PORT" in found.output
