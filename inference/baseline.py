"""A person's own neutral: by how much scores differ from those of people at rest, taken off them.

While somebody is neutral for a few seconds, the mean of their log probabilities is compared with
that of many people (``baseline.toml``). The difference, shrunk by how little was seen, is taken off
every later score of theirs. No clock, no I/O.
"""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cache
from importlib.resources import files

import numpy as np
from numpy.typing import NDArray

from esapr.inference.emotions import CLASSES, Scores
from esapr.inference.reliability import evidence
from esapr.inference.signals import Modality, ModalityScore

MODALITIES = (Modality.FACE, Modality.VOICE)
"""Whose baseline can be captured: nobody writes lines enough in a few seconds."""

PICTURE_SECONDS = 1.0
"""For so long a picture stands, at most."""

Logs = NDArray[np.float64]
"""Log probabilities of the seven classes less their mean: shape ``[7]``."""


@dataclass(frozen=True, slots=True)
class Neutral:
    """What one modality says of people at rest, and how far a person may be moved to it.

    ``logs`` is the mean of many people's. A difference from it that ``half_seconds`` of evidence
    show counts half. No class is shifted by more than ``most``.
    """

    logs: Logs
    half_seconds: float
    most: float


@cache
def neutrals() -> Mapping[Modality, Neutral]:
    """Return the shipped file, which ``esapr.models_onnx.training.fusion.baseline`` writes."""
    text = files(__package__).joinpath("baseline.toml").read_text(encoding="utf-8")
    tables = tomllib.loads(text)
    return {
        each: Neutral(np.array(tables[each].pop("neutral"), np.float64), **tables[each])
        for each in MODALITIES
    }


def centred(probs: Scores) -> Logs:
    """Return log probabilities of ``[7]`` or ``[N, 7]`` less their mean."""
    logs = evidence(probs)
    return np.asarray(logs - logs.mean(axis=-1, keepdims=True))


@dataclass(frozen=True, slots=True)
class Baseline:
    """What is taken off the log probabilities of each modality: ``[7]`` each."""

    shifts: Mapping[Modality, Logs] = field(default_factory=dict)

    def applied(self, score: ModalityScore) -> ModalityScore:
        """Return a score as it is relative to the person's own neutral."""
        shift = self.shifts.get(score.modality)
        return score if shift is None else replace(score, probs=shifted(score.probs, shift))

    def memory(self) -> dict[str, list[float]]:
        """Return the shifts as plain numbers of four digits."""
        return {each.value: shift.round(4).tolist() for each, shift in self.shifts.items()}


def recalled(shifts: Mapping[str, list[float]]) -> Baseline:
    """Return the baseline whose :meth:`~Baseline.memory` this is."""
    return Baseline({Modality(each): np.array(logs) for each, logs in shifts.items()})


def shifted(probs: Scores, shift: Logs) -> Scores:
    """Return probabilities ``[7]`` or ``[N, 7]``, renormalised after ``shift`` was taken off."""
    logs = evidence(probs) - shift
    unnormalised = np.exp(logs - logs.max(axis=-1, keepdims=True))
    return np.asarray(unnormalised / unnormalised.sum(axis=-1, keepdims=True), np.float32)


def shift_of(mean: Logs, seconds: float, neutral: Neutral) -> Logs:
    """Return the shift of a person whose centred logs had this ``mean`` over ``seconds``."""
    believed = seconds / (seconds + neutral.half_seconds)
    return np.clip(believed * (mean - neutral.logs), -neutral.most, neutral.most)


@dataclass(slots=True)
class _Seen:
    until: float
    seconds: float = 0.0
    total: Logs = field(default_factory=lambda: np.zeros(CLASSES))


class BaselineCapture:
    """Takes in what a person shows who is neutral from ``begin`` until ``end``, in seconds."""

    def __init__(
        self, begin: float, end: float, known: Mapping[Modality, Neutral] | None = None
    ) -> None:
        """Compare with ``known``, the shipped file by default."""
        self.begin, self.end = begin, end
        self._known = neutrals() if known is None else known
        self._seen: dict[Modality, _Seen] = {}

    def add(self, score: ModalityScore) -> None:
        """Take in a score; call in the order of their ends.

        It counts by the seconds of evidence that it adds: windows overlap, and pictures stand until
        the next one. What began before the capture, or ended after it, is left out.
        """
        if score.modality not in self._known or score.start < self.begin or score.end > self.end:
            return
        seen = self._seen.setdefault(score.modality, _Seen(self.begin))
        length = (score.end - score.start) or PICTURE_SECONDS
        seconds = score.coverage * min(length, max(0.0, score.end - seen.until))
        seen.until = max(seen.until, score.end)
        seen.seconds += seconds
        seen.total += seconds * centred(score.probs)

    @property
    def seconds(self) -> Mapping[Modality, float]:
        """How much evidence of each modality there was."""
        return {each: seen.seconds for each, seen in self._seen.items() if seen.seconds > 0}

    def baseline(self) -> Baseline:
        """Return what follows; without shifts if nothing was seen."""
        return Baseline(
            {
                each: shift_of(self._seen[each].total / seconds, seconds, self._known[each])
                for each, seconds in self.seconds.items()
            }
        )


@dataclass(slots=True)
class OwnNeutral:
    """What of one person is captured at present, and what applies to their scores."""

    baseline: Baseline = field(default_factory=Baseline)
    capture: BaselineCapture | None = None

    def take(self, score: ModalityScore) -> ModalityScore:
        """Note a score in the capture that is under way; return it as the baseline has it."""
        if self.capture:
            self.capture.add(score)
        return self.baseline.applied(score)
