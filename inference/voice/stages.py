"""The first call of a worker for a window: where somebody speaks in it, and how."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from esapr.inference.signals import Prosody, Quality
from esapr.inference.stages import Answers, Network
from esapr.inference.voice.activity import Speech, find_speech
from esapr.inference.voice.prosody import prosody
from esapr.inference.voice.quality import coverage_of, loudness_db, quality, usable

Window = NDArray[np.float32]
"""Three seconds at 16 kHz, float32 ``[48000]``."""


@dataclass(frozen=True, slots=True)
class Spoken:
    """Speech in a window: its loudness in dB full scale, and how it sounds.

    ``worth`` is how much of a good window's evidence it is, 0 where it should not be scored.
    """

    speech: Speech
    loudness_db: float
    prosody: Prosody
    worth: float


@dataclass(frozen=True, slots=True)
class Heard:
    """What is in a window: the speech, if there is any, and what is wrong with the sound."""

    spoken: Spoken | None
    quality: tuple[Quality, ...]


class ActivityStage:
    """Finds the speech of windows."""

    def __init__(self, activity: Network) -> None:
        """Run ``activity``."""
        self._activity = activity
        self.name = activity.name
        self.limits = activity.limits

    def run(self, items: Sequence[Window], device: int) -> Answers[Heard]:
        """Run the network on all windows, then look at each window's speech."""
        batch = self._activity.inputs({"samples": items[0]}, len(items), device)
        for row, window in enumerate(items):
            batch["samples"][row] = window
        outputs, run = self._activity.run(batch, len(items), device)
        pairs = zip(items, outputs["speech"], strict=True)
        return Answers([_heard(window, values) for window, values in pairs], (run,))


def _heard(window: Window, probabilities: NDArray[np.float32]) -> Heard:
    speech = find_speech(probabilities)
    found = quality(window, speech)
    if speech is None:
        return Heard(None, found)
    loudness = loudness_db(window[speech.begin : speech.end])
    worth = coverage_of(found) if usable(window, found) else 0.0
    return Heard(Spoken(speech, loudness, prosody(window, speech), worth), found)
