"""How a state is packed into a row. No asyncio, no clock.

A packed state is a MessagePack array. Its numbers are the wire's as whole ones (a probability of
0.1234 is 1234, a tenth of a decibel 1), so nothing that was sent is lost, in a third of the bytes
of doubles. Left out are the box, the latency and what each session says once.
"""

from collections.abc import Iterable
from typing import get_args

import msgspec
from msgspec import UNSET, Struct
from msgspec.structs import astuple

from esapr.protocol.messages import (
    AbstainReason,
    DropCounts,
    FaceState,
    Fused,
    Level,
    State,
    TextSource,
    TextState,
)
from esapr.protocol.report import RecordedFace, RecordedModalities, RecordedState
from esapr.protocol.requests import Modality
from esapr.protocol.traits import Trait, Traits, TraitScore
from esapr.protocol.voice import Prosody, VoiceState
from esapr.server.records.rows import StateRow

_DIGITS = 10_000
_TENTHS = 10


class _Face(Struct, frozen=True, array_like=True):
    probs: list[int]
    weight: int
    coverage: int
    age_ms: int
    blinks_total: int
    blink_rate: int
    quality: list[str]


_Prosody = tuple[int, int, int, int | None, int | None, int]


class _Voice(Struct, frozen=True, array_like=True):
    probs: list[int]
    weight: int
    coverage: int
    age_ms: int
    speech_ms: int
    loudness_db: int
    quality: list[str]
    prosody: _Prosody | None = None


class _Text(Struct, frozen=True, array_like=True):
    probs: list[int]
    weight: int
    coverage: int
    age_ms: int
    lines: int
    quality: list[str]
    source: TextSource | None = None


class _Fused(Struct, frozen=True, array_like=True):
    label: str
    probs: list[int]
    confidence: int
    valence: int
    arousal: int


class _Packed(Struct, frozen=True, array_like=True):
    fused: _Fused | None
    abstain: str | None
    face: _Face | None
    voice: _Voice | None
    text: _Text | None
    dropped: tuple[int, int, int]
    level: Level
    muted: list[Modality]
    traits: tuple[int, list[int]] | None = None
    """Words, and of each trait its score and the ends of its range; of too few words, nothing."""


_encoder = msgspec.msgpack.Encoder()
_decoder: msgspec.msgpack.Decoder[_Packed] = msgspec.msgpack.Decoder(_Packed)


def state_row(state: State) -> StateRow:
    """Return what is stored of a state."""
    parts, fused, dropped = state.modalities, state.fused, state.dropped
    packed = _Packed(
        fused=_Fused(
            fused.label,
            _whole(fused.probs),
            round(fused.confidence * _DIGITS),
            round(fused.valence * _DIGITS),
            round(fused.arousal * _DIGITS),
        )
        if fused
        else None,
        abstain=state.abstain.reason if state.abstain else None,
        face=None if parts.face is UNSET else _pack_face(parts.face),
        voice=None if parts.voice is UNSET else _pack_voice(parts.voice),
        text=None if parts.text is UNSET else _pack_text(parts.text),
        dropped=(dropped.frames, dropped.windows, dropped.lines),
        level=state.level,
        muted=state.muted,
        traits=None if state.traits is UNSET else _pack_traits(state.traits),
    )
    return StateRow(
        state.session, state.seq, state.t_start_ms, state.t_end_ms, _encoder.encode(packed)
    )


def recorded_state(row: StateRow) -> RecordedState:
    """Return the state that a row holds."""
    packed = _decoder.decode(row.body)
    return RecordedState(
        seq=row.seq,
        t_start_ms=row.t_start_ms,
        t_end_ms=row.t_end_ms,
        fused=_unpack_fused(packed.fused) if packed.fused else None,
        abstain=AbstainReason(packed.abstain) if packed.abstain else None,
        modalities=RecordedModalities(
            face=_unpack_face(packed.face) if packed.face else UNSET,
            voice=_unpack_voice(packed.voice) if packed.voice else UNSET,
            text=_unpack_text(packed.text) if packed.text else UNSET,
        ),
        dropped=DropCounts(*packed.dropped),
        level=packed.level,
        muted=packed.muted,
        traits=_unpack_traits(*packed.traits) if packed.traits else UNSET,
    )


def _pack_face(face: FaceState) -> _Face:
    return _Face(
        _whole(face.probs),
        round(face.weight * _DIGITS),
        round(face.coverage * _DIGITS),
        face.age_ms,
        face.blinks_total,
        round(face.blink_rate * _TENTHS),
        face.quality,
    )


def _pack_voice(voice: VoiceState) -> _Voice:
    return _Voice(
        _whole(voice.probs),
        round(voice.weight * _DIGITS),
        round(voice.coverage * _DIGITS),
        voice.age_ms,
        voice.speech_ms,
        round(voice.loudness_db * _TENTHS),
        voice.quality,
        _pack_prosody(voice.prosody) if voice.prosody else None,
    )


def _pack_prosody(found: Prosody) -> _Prosody:
    return (
        round(found.speaking * 100),
        found.pauses,
        found.pause_ms,
        None if found.pitch_hz is None else round(found.pitch_hz * _TENTHS),
        None if found.pitch_range_st is None else round(found.pitch_range_st * _TENTHS),
        round(found.syllables_per_second * _TENTHS),
    )


def _pack_text(text: TextState) -> _Text:
    return _Text(
        _whole(text.probs),
        round(text.weight * _DIGITS),
        round(text.coverage * _DIGITS),
        text.age_ms,
        text.lines,
        text.quality,
        text.source or None,
    )


def _pack_traits(traits: Traits) -> tuple[int, list[int]]:
    scores = (traits.scores or {}).values()
    return traits.words, _whole(value for each in scores for value in astuple(each))


def _unpack_traits(words: int, numbers: list[int]) -> Traits:
    if not numbers:
        return Traits(words, None, "insufficient_text")
    values = _fractions(numbers)
    rows = zip(values[::3], values[1::3], values[2::3], strict=True)
    names: tuple[Trait, ...] = get_args(Trait)
    return Traits(words, {n: TraitScore(*row) for n, row in zip(names, rows, strict=True)}, None)


def _unpack_fused(fused: _Fused) -> Fused:
    return Fused(
        fused.label,
        _fractions(fused.probs),
        fused.confidence / _DIGITS,
        fused.valence / _DIGITS,
        fused.arousal / _DIGITS,
    )


def _unpack_face(face: _Face) -> RecordedFace:
    return RecordedFace(
        _fractions(face.probs),
        face.weight / _DIGITS,
        face.coverage / _DIGITS,
        face.age_ms,
        face.blinks_total,
        face.blink_rate / _TENTHS,
        face.quality,
    )


def _unpack_voice(voice: _Voice) -> VoiceState:
    return VoiceState(
        _fractions(voice.probs),
        voice.weight / _DIGITS,
        voice.coverage / _DIGITS,
        voice.age_ms,
        voice.speech_ms,
        voice.loudness_db / _TENTHS,
        voice.quality,
        _unpack_prosody(voice.prosody) if voice.prosody else UNSET,
    )


def _unpack_prosody(packed: _Prosody) -> Prosody:
    speaking, pauses, pause_ms, pitch, spread, rate = packed
    return Prosody(
        speaking=speaking / 100,
        pauses=pauses,
        pause_ms=pause_ms,
        pitch_hz=None if pitch is None else pitch / _TENTHS,
        pitch_range_st=None if spread is None else spread / _TENTHS,
        syllables_per_second=rate / _TENTHS,
    )


def _unpack_text(text: _Text) -> TextState:
    return TextState(
        _fractions(text.probs),
        text.weight / _DIGITS,
        text.coverage / _DIGITS,
        text.age_ms,
        text.lines,
        text.quality,
        text.source or UNSET,
    )


def _whole(fractions: Iterable[float]) -> list[int]:
    return [round(fraction * _DIGITS) for fraction in fractions]


def _fractions(whole: Iterable[int]) -> list[float]:
    return [number / _DIGITS for number in whole]
