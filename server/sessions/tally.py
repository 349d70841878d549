"""What a session has taken in, dropped and published. No asyncio, no clock."""

from dataclasses import dataclass, field

from esapr.inference.signals import Modality
from esapr.protocol.messages import DropCounts, Totals


def _zeros() -> dict[Modality, int]:
    return dict.fromkeys(Modality, 0)


@dataclass(slots=True)
class Tally:
    """Counts since the session began."""

    analysed: dict[Modality, int] = field(default_factory=_zeros)
    dropped: dict[Modality, int] = field(default_factory=_zeros)
    states: int = 0
    fused: int = 0
    reduced: int = 0
    """States made below the full level, here."""
    speech_ms: int = 0
    """Speech heard, in milliseconds."""
    _analysed_before: dict[Modality, int] = field(default_factory=_zeros)
    _dropped_before: dict[Modality, int] = field(default_factory=_zeros)

    def drop_counts(self) -> DropCounts:
        """Return what was dropped since the session began."""
        return DropCounts(
            frames=self.dropped[Modality.FACE],
            windows=self.dropped[Modality.VOICE],
            lines=self.dropped[Modality.TEXT],
        )

    def ignore(self, modality: Modality) -> None:
        """Count what was dropped as the client wished it, which is no strain."""
        self.dropped[modality] += 1
        self._dropped_before[modality] += 1

    def strain(self) -> float:
        """Return the share of what came since the last :meth:`state` that was dropped."""
        dropped = sum(self.dropped.values()) - sum(self._dropped_before.values())
        analysed = sum(self.analysed.values()) - sum(self._analysed_before.values())
        return dropped / (dropped + analysed) if dropped else 0.0

    @property
    def news(self) -> bool:
        """Whether anything was analysed since the last state."""
        return self.analysed != self._analysed_before

    def state(self, *, fused: bool, reduced: bool = False) -> None:
        """Count a state and begin the next interval of :meth:`strain`."""
        self.states += 1
        self.fused += fused
        self.reduced += reduced
        self._analysed_before = dict(self.analysed)
        self._dropped_before = dict(self.dropped)

    def resume(self, totals: Totals) -> None:
        """Go on counting from ``totals``."""
        self.states, self.fused = totals.states, totals.fused
        counts = zip(Modality, (totals.frames, totals.windows, totals.lines), strict=True)
        self.analysed = dict(counts)
        dropped = totals.dropped
        drops = zip(Modality, (dropped.frames, dropped.windows, dropped.lines), strict=True)
        self.dropped = dict(drops)
        self._analysed_before, self._dropped_before = dict(self.analysed), dict(self.dropped)

    def totals(self) -> Totals:
        """Return everything, for the end of the session."""
        return Totals(
            states=self.states,
            fused=self.fused,
            frames=self.analysed[Modality.FACE],
            windows=self.analysed[Modality.VOICE],
            lines=self.analysed[Modality.TEXT],
            dropped=self.drop_counts(),
        )
