from pathlib import Path

import pytest

from esapr.load_tests import PORTRAIT
from esapr.load_tests.labels import Labels, Line, Span, read_labels
from esapr.load_tests.media import ClipError

TWO = Labels(
    spans=(Span(0, 6, "happy"), Span(6, 12, "sad")),
    lines=(Line("sad", "Alas."), Line("happy", "Hurrah!"), Line("sad", "Oh no.")),
)


@pytest.mark.parametrize(
    ("start", "label"),
    [
        (-0.1, None),  # before the clip began
        (2.9, None),  # not settled
        (3.0, "happy"),
        (5.0, "happy"),
        (5.1, None),  # reaches into the next
        (8.9, None),
        (9.0, "sad"),
        (11.5, None),
        (12.5, None),  # starts over, which is a change
        (15.5, "happy"),
        (119 * 12 + 9.5, "sad"),
    ],
)
def test_a_second_is_judged_once_what_is_shown_has_settled(start: float, label: str | None) -> None:
    assert TWO.over(start, start + 1, 12) == label


def test_lines_of_what_is_shown_take_turns() -> None:
    assert [TWO.line(7, turn) for turn in range(3)] == ["Alas.", "Oh no.", "Alas."]
    assert TWO.line(1, 5) == "Hurrah!"
    assert Labels().line(0, 0) is None


def test_the_shipped_clip_shows_a_happy_face_all_the_time() -> None:
    labels = read_labels(PORTRAIT)

    assert {labels.over(second, second + 1, 12) for second in range(3, 12)} == {"happy"}
    assert labels.line(0, 0) != labels.line(0, 1)


def test_a_clip_without_a_file_of_labels_has_none(tmp_path: Path) -> None:
    assert read_labels(tmp_path / "any.webm") == Labels()


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("[[spans]]\nstart = 0\nend = 1\nlabel = 'glad'", "label"),
        ("[[spans]]\nstart = 2\nend = 1\nlabel = 'sad'", "out of order"),
        ("spans: 3", "clip.toml"),
    ],
)
def test_wrong_labels_are_named(tmp_path: Path, text: str, named: str) -> None:
    (tmp_path / "clip.toml").write_text(text)

    with pytest.raises(ClipError, match=named):
        read_labels(tmp_path / "clip.webm")
