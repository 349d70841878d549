"""Counts what arrived for one session."""

from collections import Counter

from esapr.protocol.messages import FaceState, State, TextState
from esapr.protocol.voice import VoiceState

MODALITIES = ("face", "voice", "text")


class Tally:
    """Counts states, and how many fused ones rest on each modality."""

    def __init__(self) -> None:
        self.states = 0
        self.fused = 0
        self.modalities: Counter[str] = Counter()
        self.lost = False
        """Whether the peer was cut off before its time."""
        self.delays_ms: list[float] = []
        """Capture to state, of each state with new evidence, fused or not."""

    def add(self, state: State) -> None:
        """Count one state."""
        self.states += 1
        if state.latency.batch_size:
            self.delays_ms.append(state.latency.capture_to_state_ms)
        if state.fused is None:
            return
        self.fused += 1
        self.modalities.update(name for name, part in parts(state) if part.weight > 0)

    @property
    def missing(self) -> list[str]:
        """The modalities on which no fused state rests."""
        return [name for name in MODALITIES if not self.modalities[name]]


def parts(state: State) -> list[tuple[str, FaceState | VoiceState | TextState]]:
    """Return the modalities that a state has evidence of, with their names."""
    found = ((name, getattr(state.modalities, name)) for name in MODALITIES)
    return [(name, part) for name, part in found if part]
