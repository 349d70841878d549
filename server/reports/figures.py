"""Numbers as a reader sees them, beside what they are in the JSON. No asyncio, no clock."""

from collections.abc import Callable, Mapping
from typing import Literal

from msgspec import Struct

Form = Literal[
    "share", "points", "signed", "count", "rate", "time", "length", "loudness", "pitch", "interval"
]

_BLANK = "\u00a0"
_MINUS = "\u2212"


class Figure(Struct, frozen=True):
    """A number of the report.

    ``value`` is the JSON's; ``form`` says how it is read: a ``share`` of 1 in per cent, a change of
    one in percentage ``points``, a ``signed`` number, a ``count``, a ``rate`` a minute, a ``time``
    on the session clock and a ``length`` (both in milliseconds), ``loudness`` in dB, a
    ``pitch`` in Hz and an ``interval`` in semitones.
    """

    value: float
    form: Form


def shown(figure: Figure, decimal: str) -> str:
    """Return a number as text, with the decimal sign of a language."""
    text = _FORMS[figure.form](figure.value)
    return text.replace(".", decimal).replace("-", _MINUS)


def clock(ms: float) -> str:
    """Return a time on the session clock as ``m:ss.s``, from an hour on as ``h:mm:ss.s``."""
    minutes, seconds = divmod(round(ms / 100), 600)
    hours, minutes = divmod(minutes, 60)
    head = f"{hours}:{minutes:02}" if hours else str(minutes)
    return f"{head}:{seconds / 10:04.1f}"


_FORMS: Mapping[Form, Callable[[float], str]] = {
    "share": lambda value: f"{100 * value:.1f}{_BLANK}%",
    "points": lambda value: f"{100 * value:+.1f}",
    "signed": lambda value: f"{value:+.2f}",
    "count": lambda value: f"{value:.0f}",
    "rate": lambda value: f"{value:.1f}",
    "time": clock,
    "length": lambda value: f"{value / 1000:.1f}{_BLANK}s",
    "loudness": lambda value: f"{value:.1f}{_BLANK}dB",
    "pitch": lambda value: f"{value:.0f}{_BLANK}Hz",
    "interval": lambda value: f"{value:.1f}{_BLANK}st",
}
