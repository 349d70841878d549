"""How numbers are printed; web_client/tests/report/figures.test.ts has the same for the page."""

import pytest

from esapr.server.reports.figures import Figure, Form, clock, shown


@pytest.mark.parametrize(
    ("value", "form", "decimal", "text"),
    [
        (0.4231, "share", ",", "42,3\u00a0%"),
        (-0.065, "points", ".", "\u22126.5"),
        (0.25, "signed", ".", "+0.25"),
        (12.5, "rate", ",", "12,5"),
        (180_000, "length", ".", "180.0\u00a0s"),
        (-23.4, "loudness", ".", "\u221223.4\u00a0dB"),
        (7, "count", ".", "7"),
    ],
)
def test_a_number_is_printed_for_readers(value: float, form: Form, decimal: str, text: str) -> None:
    assert shown(Figure(value, form), decimal) == text


def test_times_are_on_the_clock_of_the_session() -> None:
    assert [clock(ms) for ms in (0, 62_500, 3_725_000)] == ["0:00.0", "1:02.5", "1:02:05.0"]
