"""Recorded states as CSV (RFC 4180), one line a state. No asyncio, no clock."""

import csv
from collections.abc import Iterable
from io import StringIO
from typing import get_args

from msgspec import UNSET, UnsetType
from msgspec.structs import astuple

from esapr.inference.emotions import LABELS
from esapr.protocol.messages import Fused, TextState
from esapr.protocol.report import RecordedFace, RecordedState
from esapr.protocol.traits import Trait, Traits
from esapr.protocol.voice import Prosody, VoiceState

_NUMBERS = ("confidence", "valence", "arousal")
_PROSODY = Prosody.__struct_fields__
COLUMNS = (
    *("seq", "t_start_ms", "t_end_ms", "label", "abstain", *_NUMBERS),
    *(f"fused_{label}" for label in LABELS),
    *(f"{part}_{name}" for part in ("face", "voice", "text") for name in ("weight", "coverage")),
    *("blinks_total", "blink_rate", "speech_ms", "loudness_db", *_PROSODY),
    *("text_lines", "text_source"),
    *("quality", "level", "muted", "dropped_frames", "dropped_windows", "dropped_lines"),
    "traits_words",
    *(f"{trait}{end}" for trait in get_args(Trait) for end in ("", "_low", "_high")),
)
"""What does not apply is empty; several flags have blanks between them."""

Cell = str | float


def table(states: Iterable[RecordedState]) -> str:
    """Return the states as CSV with a line of names on top."""
    text = StringIO()
    writer = csv.writer(text)
    writer.writerow(COLUMNS)
    writer.writerows(_line(state) for state in states)
    return text.getvalue()


def _line(state: RecordedState) -> list[Cell]:
    face, voice, text = state.modalities.face, state.modalities.voice, state.modalities.text
    flags = [*_quality(face), *_quality(voice), *_quality(text)]
    return [
        *(state.seq, state.t_start_ms, state.t_end_ms),
        state.fused.label if state.fused else "",
        state.abstain.reason if state.abstain else "",
        *_fused(state.fused),
        *(*_share(face), *_share(voice), *_share(text)),
        *((face.blinks_total, face.blink_rate) if face else ("", "")),
        *((voice.speech_ms, voice.loudness_db) if voice else ("", "")),
        *_prosody(voice.prosody if voice else UNSET),
        *((text.lines, text.source or "") if text else ("", "")),
        *(" ".join(flags), state.level, " ".join(state.muted)),
        *(state.dropped.frames, state.dropped.windows, state.dropped.lines),
        *_traits(state.traits),
    ]


def _traits(traits: Traits | UnsetType) -> list[Cell]:
    if traits is UNSET or traits.scores is None:
        return [traits.words if traits else "", *[""] * (3 * len(get_args(Trait)))]
    return [traits.words, *(value for each in traits.scores.values() for value in astuple(each))]


def _fused(fused: Fused | None) -> list[Cell]:
    if fused is None:
        return [""] * (len(_NUMBERS) + len(LABELS))
    return [fused.confidence, fused.valence, fused.arousal, *fused.probs]


def _prosody(found: Prosody | UnsetType) -> list[Cell]:
    if found is UNSET:
        return [""] * len(_PROSODY)
    return ["" if value is None else value for value in astuple(found)]


def _share(part: object) -> list[Cell]:
    if isinstance(part, RecordedFace | VoiceState | TextState):
        return [part.weight, part.coverage]
    return ["", ""]


def _quality(part: object) -> list[str]:
    return part.quality if isinstance(part, RecordedFace | VoiceState | TextState) else []
