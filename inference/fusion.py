"""Scores of several modalities to one state: no clock, no threads, no I/O.

Within a modality, scores are averaged with weights that halve with age. Across modalities they
are combined by a logarithmic opinion pool (Genest & Zidek 1986): ``p ∝ Π p_m ** w_m``. The
exponents are learned, and fall with coverage and age. They do not sum to one, since modalities that
agree are surer together than each of them (a product of experts, Hinton 2002). The pool is then
smoothed by elapsed time. What was heard or read before the face turned to another class counts
less, and a class other than the last one has to be surer.
"""

from collections import deque
from collections.abc import Collection, Iterable
from dataclasses import dataclass, field, replace
from typing import Literal

import numpy as np

from esapr.inference.emotions import CIRCUMPLEX, CLASSES, Scores
from esapr.inference.memory import (
    Evidence,
    FusionMemory,
    TurnMemory,
    packed,
    recalled,
    trace,
    unpacked,
)
from esapr.inference.naming import Naming
from esapr.inference.reliability import Learned, evidence, shipped
from esapr.inference.signals import (
    Abstain,
    EmotionState,
    Fused,
    Modality,
    ModalityScore,
    ModalityState,
)
from esapr.inference.smoothing import BayesFilter, ExponentialSmoothing, Smoothing
from esapr.inference.turning import Turning

_ABSENCE = {
    Modality.FACE: Abstain.NO_FACE,
    Modality.VOICE: Abstain.NO_SPEECH,
    # A line came and held nothing to score.
    Modality.TEXT: Abstain.INSUFFICIENT_TEXT,
}

HEARD = 0.2
"""Share of the weight from which a modality has a say in whether they disagree."""

SURE = 0.5
"""Probability from which it is sure of its class: more than of all others together."""


@dataclass(frozen=True, slots=True)
class FusionConfig:
    """Parameters of a :class:`Fusion`; times are seconds.

    ``smoothing_half_life`` is that of the exponential smoothing; the Bayesian filter goes by the
    rates in ``learned``. ``warm_up`` is the time at the start, and after a pause, in which missing
    evidence is no absence.
    """

    learned: Learned = field(default_factory=shipped)
    smoothing: Literal["exponential", "bayes"] = "exponential"
    smoothing_half_life: float = 0.0
    warm_up: float = 3.0
    max_evidence: int = 64


class Fusion:
    """One participant's evidence and the states made of it."""

    def __init__(self, enabled: tuple[Modality, ...], config: FusionConfig | None = None) -> None:
        """Expect evidence from the ``enabled`` modalities."""
        self._config = config or FusionConfig()
        self._muted: set[Modality] = set()
        self._begun = 0.0
        self._learned = self._config.learned
        self.enable(enabled)

    def enable(self, modalities: tuple[Modality, ...]) -> None:
        """Expect evidence from these from now on; evidence so far is forgotten."""
        self._enabled = modalities
        self._smoothing = _smoothing(self._config)
        self._turning = Turning()
        self._naming = Naming(self._learned)
        self._evidence: dict[Modality, deque[Evidence]] = {
            modality: deque(maxlen=self._config.max_evidence) for modality in Modality
        }

    @property
    def half_life(self) -> float | None:
        """That of the exponential smoothing, in seconds; None where another one is in use."""
        exponential = self._config.smoothing == "exponential"
        return self._config.smoothing_half_life if exponential else None

    def smooth(self, half_life: float) -> None:
        """Smooth exponentially with ``half_life`` (seconds) from the next state on.

        Raises:
            ValueError: it is negative, or another smoothing is in use.
        """
        if self.half_life is None:
            raise ValueError("a Bayesian filter has no half-life")
        smoothing = ExponentialSmoothing(half_life)
        smoothing.value, smoothing.updated = self._smoothing.value, self._smoothing.updated
        self._smoothing = smoothing
        self._config = replace(self._config, smoothing_half_life=half_life)

    def mute(self, modality: Modality, muted: bool) -> None:
        """Leave a modality out, evidence so far included, until it is taken in again."""
        if muted:
            self._muted.add(modality)
            self._evidence[modality].clear()
        else:
            self._muted.discard(modality)

    def resume(self, now: float) -> None:
        """Go on at ``now`` after a pause: the next state moves on from the last one before it."""
        self._smoothing.resume(now)
        self._begun = now

    def memory(self, now: float) -> FusionMemory:
        """Return what is needed to go on elsewhere: the evidence that counts at ``now``."""
        return FusionMemory(
            packed(self._smoothing.value),
            self._smoothing.updated,
            self._begun,
            {m: trace(fresh) for m in self._enabled if (fresh := self._fresh(m, now))},
            TurnMemory(self._turning.shows, self._turning.since, self._naming.named),
        )

    def recall(self, memory: FusionMemory) -> None:
        """Go on from where another one stopped."""
        self._smoothing.value = unpacked(memory.smoothed)
        self._smoothing.updated = memory.smoothed_at
        self._begun = memory.begun
        turn = memory.turn
        self._turning.shows, self._turning.since = turn.shows, turn.since
        self._naming.named = turn.named
        for modality, remembered in memory.traces.items():
            self._evidence[modality].extend(recalled(modality, remembered))

    def add(self, score: ModalityScore) -> None:
        """Take in a score. Scores may arrive late; what has aged past its horizon has no effect."""
        if score.modality in self._muted:
            return
        self._evidence[score.modality].append(Evidence(score.end, score))

    def add_absence(self, modality: Modality, at: float) -> None:
        """Note that an analysed picture or window had no evidence: it lowers the coverage."""
        if modality in self._muted:
            return
        self._evidence[modality].append(Evidence(at, None))

    def state_at(self, start: float, end: float) -> EmotionState:
        """Return the state of ``[start, end)``; call with growing times.

        The state abstains, and says why, when nothing has weight or no class stands out.
        """
        faces = [item.score for item in self._evidence[Modality.FACE] if item.score]
        self._turning.look(faces, end)
        parts = {m: part for m in self._enabled if (part := self._part(m, end)) is not None}
        total = sum(part.exponent for part in parts.values())
        if total == 0:
            return EmotionState(start, end, None, self._why_empty(end), parts)
        parts = {m: replace(part, weight=part.exponent / total) for m, part in parts.items()}
        pooled = pool(parts.values())
        probs = self._smoothing.update(pooled, end)
        if not self._naming.names(probs):
            return EmotionState(start, end, None, _why_not(parts.values()), parts, pooled)
        valence, arousal = (float(value) for value in probs @ CIRCUMPLEX)
        fused = Fused(probs, float(probs.max()), valence, arousal)
        return EmotionState(start, end, fused, None, parts, pooled)

    def _fresh(self, modality: Modality, now: float) -> list[Evidence]:
        horizon = self._learned.modalities[modality].horizon
        return [item for item in self._evidence[modality] if now - item.at <= horizon]

    def _part(self, modality: Modality, now: float) -> ModalityState | None:
        """Average one modality's evidence; its weight is not yet known.

        Windows overlap: of the same sound only the newest one speaks.
        """
        reliability = self._learned.modalities[modality]
        fresh = self._fresh(modality, now)
        # Late evidence may lie between newer items, so the deque is rebuilt, not trimmed.
        self._evidence[modality].clear()
        self._evidence[modality].extend(fresh)
        scores = [item.score for item in fresh if item.score]
        if not scores:
            return None
        newest = max(scores, key=lambda score: score.end)
        fresh = [item for item in fresh if _adds(item, newest)]
        fading = [reliability.fading(now - item.at) for item in fresh]
        covered = [
            left * (item.score.coverage if item.score else 0.0)
            for left, item in zip(fading, fresh, strict=True)
        ]
        age = max(0.0, now - newest.end)
        probs = [
            (c, item.score.probs) for c, item in zip(covered, fresh, strict=True) if item.score
        ]
        coverage = sum(covered) / sum(fading)
        left = 1.0 if modality is Modality.FACE else self._turning.left(newest)
        exponent = reliability.exponent(coverage, age) * left
        mixed = _average(probs)
        return ModalityState(mixed, exponent, 0.0, coverage, age, len(probs), newest, left)

    def _why_empty(self, now: float) -> Abstain:
        if self._muted.issuperset(self._enabled):
            return Abstain.MUTED
        if now - self._begun <= self._config.warm_up:
            return Abstain.WARMING_UP
        for modality in self._enabled:
            if self._evidence[modality]:
                return _ABSENCE[modality]
        return Abstain.NO_TEXT if self._enabled == (Modality.TEXT,) else Abstain.NO_EVIDENCE


def pool(parts: Iterable[ModalityState]) -> Scores:
    """Return the logarithmic opinion pool of ``parts``; without any, it is uniform."""
    logs = np.zeros(CLASSES)
    for part in parts:
        logs += part.exponent * evidence(part.probs)
    unnormalised = np.exp(logs - logs.max())
    return np.asarray(unnormalised / unnormalised.sum(), np.float32)


def _why_not(parts: Collection[ModalityState]) -> Abstain:
    """Return why there is no expression although there is evidence."""
    if disagree(parts):
        return Abstain.MODALITIES_DISAGREE
    poor = all(part.newest.quality for part in parts)
    return Abstain.LOW_QUALITY if poor else Abstain.LOW_CONFIDENCE


def disagree(parts: Collection[ModalityState]) -> bool:
    """Return whether two modalities that count are sure of different classes."""
    sure = {
        int(part.probs.argmax())
        for part in parts
        if part.weight >= HEARD and part.probs.max() >= SURE
    }
    return len(sure) > 1


def _smoothing(config: FusionConfig) -> Smoothing:
    if config.smoothing == "bayes":
        return BayesFilter(config.learned.transition_rate, config.learned.evidence_rate)
    return ExponentialSmoothing(config.smoothing_half_life)


def _adds(item: Evidence, newest: ModalityScore) -> bool:
    """Return whether it says what the newest score does not: of what overlaps, only that counts."""
    return item.score is None or item.score is newest or item.at <= newest.start


def _average(weighted: list[tuple[float, Scores]]) -> Scores:
    total = sum(weight for weight, _ in weighted)
    if total == 0:
        return np.asarray(np.mean([probs for _, probs in weighted], axis=0), dtype=np.float32)
    mixed = sum(weight * probs.astype(np.float64) for weight, probs in weighted) / total
    return np.asarray(mixed, dtype=np.float32)
