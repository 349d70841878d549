"""Where in a window someone speaks, from the probabilities of the voice-activity model."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from esapr.inference.signals import SAMPLE_RATE
from esapr.inference.voice.windows import WINDOW

CHUNK = 512
"""Samples a probability stands for: 32 ms."""

CHUNKS = WINDOW // CHUNK
"""Probabilities a window: its last 93 chunks; the 384 samples before them are not judged."""

ONSET, OFFSET = 0.5, 0.35
"""Speech begins at the first probability and ends below the second (Silero VAD's own defaults)."""

MARGIN = int(0.15 * SAMPLE_RATE)
"""Samples kept around speech, where soft onsets and endings lie; as in the training clips."""


PIECE = 320
"""Samples of a row of the expression model's input: 20 ms, the step of its encoder."""

LENGTHS = SAMPLE_RATE // 2
"""Evidence is a multiple of this many samples long: few shapes, and little padding."""

MOST = 5 * LENGTHS
"""Samples of evidence at most, 2.5 s (docs/decisions/0050-at-most-so-much-speech.md)."""


@dataclass(frozen=True, slots=True, eq=False)
class Speech:
    """The stretch of a window from its first to its last speech, and how much of it is speech.

    ``begin`` and ``end`` are sample positions in the window, margins included. ``recent_ms`` is
    the speech in the window's last second; ``spoken``, bool ``[93]``, says of each chunk whether
    it is speech.
    """

    begin: int
    end: int
    milliseconds: int
    recent_ms: int
    spoken: NDArray[np.bool_]


def find_speech(probabilities: NDArray[np.float32]) -> Speech | None:
    """Return the speech in a window, or None.

    Args:
        probabilities: float32 ``[93]``, oldest chunk first.
    """
    spoken = _spoken(probabilities)
    (positions,) = np.nonzero(spoken)
    if not len(positions):
        return None
    skipped = WINDOW - len(spoken) * CHUNK
    return Speech(
        begin=max(skipped + int(positions[0]) * CHUNK - MARGIN, 0),
        end=min(skipped + (int(positions[-1]) + 1) * CHUNK + MARGIN, WINDOW),
        milliseconds=_milliseconds(spoken),
        recent_ms=_milliseconds(spoken[-(SAMPLE_RATE // CHUNK) :]),
        spoken=spoken,
    )


def evidence(samples: NDArray[np.float32], speech: Speech) -> NDArray[np.float32]:
    """Return the speech, or the last of it, in pieces, float32 ``[T, 320]``, zeros behind it.

    The expression model takes exact zeros for missing evidence and costs as much as there are
    pieces: a short utterance gives the scores it would give in a longer array.
    """
    length = min(speech.end - speech.begin, MOST)
    moved = np.zeros(-(-length // LENGTHS) * LENGTHS, np.float32)
    moved[:length] = samples[speech.end - length : speech.end]
    return moved.reshape(-1, PIECE)


def _spoken(probabilities: NDArray[np.float32]) -> NDArray[np.bool_]:
    """Apply the two thresholds: between them, a chunk is what the chunk before it is."""
    spoken = np.zeros(len(probabilities), np.bool_)
    speaking = False
    for chunk, probability in enumerate(probabilities.tolist()):
        speaking = probability >= (OFFSET if speaking else ONSET)
        spoken[chunk] = speaking
    return spoken


def _milliseconds(spoken: NDArray[np.bool_]) -> int:
    return int(spoken.sum()) * CHUNK * 1000 // SAMPLE_RATE
