"""What the states of a recording, or the pages of a document, amount to. No asyncio, no clock."""

from collections import Counter

from esapr.protocol.analyses import AnalysisSummary, Page
from esapr.protocol.messages import State, Totals
from esapr.protocol.requests import Modality

_MODALITIES: tuple[Modality, ...] = ("face", "voice", "text")


class Count:
    """Counts states or pages as they come."""

    def __init__(self) -> None:
        """Start at nothing."""
        self._labels: Counter[str] = Counter()
        self._abstained: Counter[str] = Counter()
        self._covered: Counter[Modality] = Counter()
        self._blinks = 0

    def add(self, shown: State | Page) -> None:
        """Count one."""
        if shown.fused is not None:
            self._labels[shown.fused.label] += 1
        elif shown.abstain is not None:
            self._abstained[str(shown.abstain.reason)] += 1
        if isinstance(shown, Page):
            self._covered["text"] += shown.lines > 0
            return
        length = shown.t_end_ms - shown.t_start_ms
        for name in _MODALITIES:
            part = getattr(shown.modalities, name)
            # Older evidence is of an earlier state.
            self._covered[name] += bool(part) and part.age_ms <= length
        if shown.modalities.face:
            self._blinks = max(self._blinks, shown.modalities.face.blinks_total)

    def summary(
        self, *, seconds: float, speech_ms: int, damaged: int, totals: Totals
    ) -> AnalysisSummary:
        """Return everything; ``seconds`` is the recording's length, 0 of a document."""
        count = self._labels.total() + self._abstained.total()
        return AnalysisSummary(
            duration_ms=round(seconds * 1000),
            states=totals.states,
            pages=count - totals.states,
            labels=dict(self._labels.most_common()),
            abstained=dict(self._abstained.most_common()),
            coverage={name: round(self._covered[name] / max(count, 1), 4) for name in _MODALITIES},
            blinks=self._blinks,
            speech_ms=speech_ms,
            damaged=damaged,
            totals=totals,
        )
