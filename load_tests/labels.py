"""What a clip shows when, so that states can be judged. Read from a TOML file beside the clip."""

import tomllib
from pathlib import Path
from typing import Annotated, Literal

import msgspec
from msgspec import Meta, Struct

from esapr.load_tests.media import ClipError

Label = Literal["angry", "disgust", "fear", "happy", "sad", "surprise", "neutral"]
Seconds = Annotated[float, Meta(ge=0)]

SETTLE_SECONDS = 3.0
"""After a change of what is shown, for which no state is judged: a voice window is as long."""


class Span(Struct, frozen=True, forbid_unknown_fields=True):
    """From ``start`` to ``end`` seconds of the clip it shows ``label``."""

    start: Seconds
    end: Seconds
    label: Label


class Line(Struct, frozen=True, forbid_unknown_fields=True):
    """A line of chat that shows ``label``."""

    label: Label
    body: Annotated[str, Meta(min_length=1)]


class Labels(Struct, frozen=True, forbid_unknown_fields=True):
    """The label track of a clip that is played over and over, and what is written meanwhile."""

    spans: tuple[Span, ...] = ()
    lines: tuple[Line, ...] = ()

    def __post_init__(self) -> None:
        """Check the order of the spans.

        Raises:
            ValueError: one ends before it starts, or starts before the one before it ends.
        """
        end = 0.0
        for span in self.spans:
            if not end <= span.start < span.end:
                raise ValueError(f"`spans`: {span.start:g} to {span.end:g} is out of order")
            end = span.end

    def over(self, start: float, end: float, duration: float) -> Label | None:
        """Return what is shown all through ``[start, end]`` and has settled, or None.

        Times are seconds since the clip, ``duration`` seconds long, began to play. That it starts
        over counts as a change.
        """
        if start < 0:
            return None
        position = start % duration
        for span in self.spans:
            if span.start + SETTLE_SECONDS <= position and position + end - start <= span.end:
                return span.label
        return None

    def line(self, position: float, turn: int) -> str | None:
        """Return what to write at ``position`` seconds of the clip, the ``turn``-th time.

        Lines of what is shown there take turns; None if there is none.
        """
        shown = {span.label for span in self.spans if span.start <= position < span.end}
        fitting = [line.body for line in self.lines if line.label in shown]
        return fitting[turn % len(fitting)] if fitting else None


def label_file(clip: Path) -> Path:
    """Return where the labels of ``clip`` are, if it has any."""
    return clip.with_suffix(".toml")


def read_labels(clip: Path) -> Labels:
    """Return the labels of ``clip``; none if there is no such file.

    Raises:
        ClipError: the file is unreadable, or wrong.
    """
    path = label_file(clip)
    if not path.exists():
        return Labels()
    try:
        return msgspec.convert(tomllib.loads(path.read_text("utf-8")), Labels)
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise ClipError(f"{path}: {error}") from error
    except msgspec.ValidationError as error:
        raise ClipError(f"{path}: {error}") from error
