"""Scores of several modalities to one state: no clock, no threads, no I/O.

Within a modality, scores are averaged with weights that halve with age. Across modalities they
are combined by a logarithmic opinion pool (Genest & Zidek 1986): ``p ∝ Π p_m ** w_m``, whose
weights follow each modality's reliability, coverage, certainty and age and sum to one. The pool
is then smoothed by elapsed time.
"""

from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field, replace

import numpy as np

from esapr.inference.emotions import CIRCUMPLEX, CLASSES, Scores
from esapr.inference.memory import Evidence, FusionMemory, packed, recalled, trace, unpacked
from esapr.inference.signals import (
    Abstain,
    EmotionState,
    Fused,
    Modality,
    ModalityScore,
    ModalityState,
)
from esapr.inference.smoothing import ExponentialSmoothing

_ABSENCE = {
    Modality.FACE: Abstain.NO_FACE,
    Modality.VOICE: Abstain.NO_SPEECH,
    Modality.TEXT: Abstain.NO_TEXT,
}


@dataclass(frozen=True, slots=True)
class Ageing:
    """How evidence of one modality ages, in seconds.

    Its influence halves every ``half_life``; past ``horizon`` it is forgotten.
    """

    half_life: float
    horizon: float


def _default_ageing() -> dict[Modality, Ageing]:
    # A face changes in a fraction of a second, a voice window spans three, a sentence stands
    # until the conversation moves on.
    return {
        Modality.FACE: Ageing(half_life=0.5, horizon=2.0),
        Modality.VOICE: Ageing(half_life=1.5, horizon=4.0),
        Modality.TEXT: Ageing(half_life=6.0, horizon=20.0),
    }


@dataclass(frozen=True, slots=True)
class FusionConfig:
    """Parameters of a :class:`Fusion`; times are seconds.

    ``min_confidence`` is the probability of the first class below which the state abstains;
    chance is 1/7. ``warm_up`` is the time at the start, and after a pause, in which missing
    evidence is no absence.
    """

    ageing: Mapping[Modality, Ageing] = field(default_factory=_default_ageing)
    smoothing_half_life: float = 1.0
    min_confidence: float = 0.3
    warm_up: float = 3.0
    max_evidence: int = 64


class Fusion:
    """One participant's evidence and the states made of it."""

    def __init__(self, enabled: tuple[Modality, ...], config: FusionConfig | None = None) -> None:
        """Expect evidence from the ``enabled`` modalities."""
        self._config = config or FusionConfig()
        self._enabled = enabled
        self._muted: set[Modality] = set()
        self._begun = 0.0
        self._smoothing = ExponentialSmoothing(self._config.smoothing_half_life)
        self._evidence: dict[Modality, deque[Evidence]] = {
            modality: deque(maxlen=self._config.max_evidence) for modality in Modality
        }

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
        )

    def recall(self, memory: FusionMemory) -> None:
        """Go on from where another one stopped."""
        self._smoothing.value = unpacked(memory.smoothed)
        self._smoothing.updated = memory.smoothed_at
        self._begun = memory.begun
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
        parts = {m: part for m in self._enabled if (part := self._part(m, end)) is not None}
        total = sum(part.weight for part in parts.values())
        if total == 0:
            return EmotionState(start, end, None, self._why_empty(end), parts)
        parts = {m: replace(part, weight=part.weight / total) for m, part in parts.items()}
        probs = self._smoothing.update(_pool(list(parts.values())), end)
        confidence = float(probs.max())
        if confidence < self._config.min_confidence:
            return EmotionState(start, end, None, Abstain.LOW_CONFIDENCE, parts)
        valence, arousal = (float(value) for value in probs @ CIRCUMPLEX)
        return EmotionState(start, end, Fused(probs, confidence, valence, arousal), None, parts)

    def _fresh(self, modality: Modality, now: float) -> list[Evidence]:
        horizon = self._config.ageing[modality].horizon
        return [item for item in self._evidence[modality] if now - item.at <= horizon]

    def _part(self, modality: Modality, now: float) -> ModalityState | None:
        """Average one modality's evidence; its weight is not yet normalised."""
        ageing = self._config.ageing[modality]
        fresh = self._fresh(modality, now)
        # Late evidence may lie between newer items, so the deque is rebuilt, not trimmed.
        self._evidence[modality].clear()
        self._evidence[modality].extend(fresh)
        scores = [item.score for item in fresh if item.score is not None]
        if not scores:
            return None
        decay = [0.5 ** (max(0.0, now - item.at) / ageing.half_life) for item in fresh]
        covered = [
            d * (item.score.coverage if item.score else 0.0)
            for d, item in zip(decay, fresh, strict=True)
        ]
        newest = max(scores, key=lambda score: score.end)
        age = max(0.0, now - newest.end)
        probs = _average(
            [(c, item.score.probs) for c, item in zip(covered, fresh, strict=True) if item.score]
        )
        coverage = sum(covered) / sum(decay)
        weight = coverage * certainty(probs) * 0.5 ** (age / ageing.half_life)
        return ModalityState(probs, weight, coverage, age, len(scores), newest)

    def _why_empty(self, now: float) -> Abstain:
        if self._muted.issuperset(self._enabled):
            return Abstain.MUTED
        if now - self._begun <= self._config.warm_up:
            return Abstain.WARMING_UP
        for modality in self._enabled:
            if self._evidence[modality]:
                return _ABSENCE[modality]
        return Abstain.NO_TEXT if self._enabled == (Modality.TEXT,) else Abstain.NO_EVIDENCE


def certainty(probs: Scores) -> float:
    """Return one minus the normalised entropy: 0 for a uniform distribution, 1 for a sure one."""
    positive = probs[probs > 0].astype(np.float64)
    entropy = -float(np.sum(positive * np.log(positive)))
    return max(0.0, 1.0 - entropy / float(np.log(CLASSES)))


def _average(weighted: list[tuple[float, Scores]]) -> Scores:
    total = sum(weight for weight, _ in weighted)
    if total == 0:
        return np.asarray(np.mean([probs for _, probs in weighted], axis=0), dtype=np.float32)
    mixed = sum(weight * probs.astype(np.float64) for weight, probs in weighted) / total
    return np.asarray(mixed, dtype=np.float32)


def _pool(parts: list[ModalityState]) -> Scores:
    """Combine parts whose weights sum to one; the floor keeps one zero from vetoing a class."""
    logs = sum(part.weight * np.log(np.maximum(part.probs, 1e-4)) for part in parts)
    unnormalised = np.exp(logs)
    return np.asarray(unnormalised / unnormalised.sum(), dtype=np.float32)
