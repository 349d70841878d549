"""How somebody spoke in a session, from its recorded states. No asyncio, no clock."""

from collections.abc import Sequence

import numpy as np
from msgspec import UNSET
from msgspec.structs import replace

from esapr.protocol.report import RecordedState, VoiceSignals
from esapr.protocol.voice import Prosody
from esapr.server.records.summary import length


def voice_signals(states: Sequence[RecordedState], turns: Sequence[int]) -> VoiceSignals | None:
    """Return what the voice was like, or None if none was heard.

    Args:
        states: what was recorded, oldest first.
        turns: how long each turn of speech was, in milliseconds.
    """
    heard = [(length(state), voice) for state in states if (voice := state.modalities.voice)]
    if not heard:
        return None
    levels = [voice.loudness_db for _, voice in heard]
    spans = [span for span, _ in heard]
    speaking_ms = sum(turns)
    signals = VoiceSignals(
        speaking_ms=speaking_ms,
        turns=len(turns),
        loudness_db=round(float(np.average(levels, weights=spans)), 1),
        speaking_share=round(min(1.0, speaking_ms / sum(map(length, states))), 4),
    )
    # A state without a new window repeats what the last one said of it.
    new = [
        voice.prosody for span, voice in heard if voice.prosody is not UNSET and voice.age_ms < span
    ]
    return _with_prosody(signals, new) if new else signals


def _with_prosody(signals: VoiceSignals, seconds: Sequence[Prosody]) -> VoiceSignals:
    spoken = sum(second.speaking for second in seconds)
    pauses = sum(second.pauses for second in seconds)
    pitches = [second.pitch_hz for second in seconds if second.pitch_hz]
    pitch_hz = pitch_range_st = None
    if pitches:
        low, middle, high = np.percentile(pitches, [10, 50, 90])
        pitch_hz = round(float(middle), 1)
        pitch_range_st = round(float(12.0 * np.log2(high / low)), 1)
    return replace(
        signals,
        pauses_per_minute=round(60.0 * pauses / spoken, 1) if spoken else None,
        pause_ms=round(sum(second.pause_ms for second in seconds) / pauses) if pauses else None,
        pitch_hz=pitch_hz,
        pitch_range_st=pitch_range_st,
        syllables_per_second=round(
            float(np.mean([second.syllables_per_second for second in seconds])), 1
        ),
    )
