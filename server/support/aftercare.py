"""What a session leaves for what is offered after it: sums, and whether to name help lines."""

from dataclasses import dataclass, field

from msgspec import Struct

from esapr.protocol.events import Event, HelpLine
from esapr.protocol.messages import State
from esapr.protocol.recommendations import Basis
from esapr.server.support.watch import Watch


class Shown(Struct):
    """Sums over the states with an expression, each as it is long."""

    ms: int = 0
    valence: float = 0.0
    arousal: float = 0.0

    def add(self, state: State) -> None:
        """Take in a state."""
        if state.fused:
            ms = state.t_end_ms - state.t_start_ms
            self.ms += ms
            self.valence += ms * state.fused.valence
            self.arousal += ms * state.fused.arousal

    def basis(self) -> Basis | None:
        """Return the means, or None without an expression."""
        if self.ms == 0:
            return None
        means = (round(total / self.ms, 4) for total in (self.valence, self.arousal))
        return Basis(self.ms / 1000, *means)


@dataclass(slots=True)
class Aftercare:
    """One session's; nothing is summed unless the person has ``agreed`` to recommendations."""

    purpose: str
    language: str
    agreed: bool
    watch: Watch
    shown: Shown = field(default_factory=Shown)

    def state(self, state: State) -> None:
        """Take in a state."""
        if self.agreed:
            self.shown.add(state)

    def line(self, body: str, at: float) -> Event | None:
        """Return what is to be said of a line of text, taken in at ``at`` (session time)."""
        return self.watch.line(body, at)

    @property
    def named_help_lines(self) -> list[HelpLine]:
        """The help lines, if the session has spoken of self-harm."""
        return [] if self.watch.told_at is None else self.watch.help_lines
