"""What begins, ends or happens in what a person shows. No asyncio, no clock."""

from collections.abc import Iterable

from esapr.inference.emotions import LABELS
from esapr.inference.signals import EmotionState, FaceDetails, Modality
from esapr.protocol.events import Event
from esapr.server.sessions.conditions import Conditions

LASTING = 1.0
"""Seconds that an expression, speech or a face must be there to begin, and be gone to end."""


class Events:
    """Events of one session, found in its states and pictures."""

    def __init__(self) -> None:
        """Start with nothing shown."""
        self._conditions = Conditions(on=LASTING, off=LASTING)
        self._blinks = 0

    @property
    def active(self) -> list[str]:
        """What has begun and not ended."""
        return self._conditions.active

    def recall(self, active: Iterable[str], blinks: int, now: float) -> None:
        """Go on with what has begun, and the blinks that were told, elsewhere."""
        self._conditions.recall(active, now)
        self._blinks = blinks

    def in_state(self, state: EmotionState) -> list[Event]:
        """Return what begins and ends with a state; call with growing times."""
        t_ms = round(state.end * 1000)
        return [
            Event("expression", t_ms, active, code)
            if code in LABELS
            else Event("speaking" if code == "speaking" else "face", t_ms, active)
            for code, active in self._conditions.update(_shown(state), state.end)
        ]

    def in_picture(self, at: float, face: FaceDetails | None) -> list[Event]:
        """Return the blinks that a picture completes."""
        before, self._blinks = self._blinks, face.blinks_total if face else self._blinks
        return [Event("blink", round(at * 1000)) for _ in range(self._blinks - before)]


def _shown(state: EmotionState) -> set[str]:
    """Return what a state shows: its label, a face, speech, as far as the evidence is new."""
    shown = set()
    if state.fused is not None:
        shown.add(LABELS[int(state.fused.probs.argmax())])
    for modality, code in ((Modality.FACE, "face"), (Modality.VOICE, "speaking")):
        part = state.modalities.get(modality)
        if part is not None and part.newest.end >= state.start:
            shown.add(code)
    return shown
