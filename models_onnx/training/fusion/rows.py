"""What the fusion sees each second of learning streams, as arrays."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from esapr.inference.emotions import CLASSES
from esapr.inference.fusion import FusionConfig
from esapr.inference.reliability import LEAST, Learned
from esapr.inference.signals import Modality
from esapr.models_onnx.evaluation.fusion_bench import EVERYTHING, states
from esapr.models_onnx.evaluation.fusion_streams import Stream, compose
from esapr.models_onnx.evaluation.score_bank import Bank, Scores, read

FOLDS = 3
SEED = 7
STREAMS, SECONDS = 20, 150.0
"""Of each fold: 3,000 seconds."""


@dataclass(frozen=True)
class Rows:
    """Seconds of streams, ``M`` modalities in the order of :class:`Modality`.

    ``logs`` ``[N, M, 7]`` log probabilities, zeros where there is no evidence; ``coverage``,
    ``age`` and ``left`` (what a turn of the face leaves) ``[N, M]``; ``there`` ``[N, M]`` bool;
    ``truth`` ``[N]``; ``fold`` and ``stream`` ``[N]`` where the second comes from.
    """

    logs: NDArray[np.float32]
    coverage: NDArray[np.float32]
    age: NDArray[np.float32]
    left: NDArray[np.float32]
    there: NDArray[np.bool_]
    truth: NDArray[np.int64]
    fold: NDArray[np.int64]
    stream: NDArray[np.int64]

    @property
    def seen(self) -> NDArray[np.bool_]:
        """Which seconds have any evidence."""
        return np.asarray(self.there.any(axis=1), np.bool_)

    def of(self, chosen: NDArray[np.bool_]) -> "Rows":
        """Return the rows that are chosen."""
        return Rows(*(getattr(self, name)[chosen] for name in self.__dataclass_fields__))


def learning_streams() -> list[tuple[int, Stream]]:
    """Return streams with their folds: no face, actor or line is in two folds."""
    bank = read("learning")
    return [
        (fold, stream)
        for fold in range(FOLDS)
        for stream in compose(
            _part(bank, fold), count=STREAMS, seconds=SECONDS, seed=SEED + 100 * fold
        )
    ]


def rows(streams: Sequence[tuple[int, Stream]], learned: Learned) -> Rows:
    """Return what a fusion with the half-lives of ``learned`` sees."""
    # A modality that counts for nothing would not be looked at.
    seen = {m: replace(each, weight=1.0) for m, each in learned.modalities.items()}
    config = FusionConfig(learned=replace(learned, modalities=seen), smoothing_half_life=0.0)
    columns: list[tuple[object, ...]] = []
    for number, (fold, stream) in enumerate(streams):
        found = states(stream, config, EVERYTHING)
        for state, label in zip(found, stream.labels(), strict=True):
            parts = [state.modalities.get(modality) for modality in EVERYTHING]
            columns.append(
                (
                    [
                        np.log(np.maximum(part.probs, LEAST)) if part else np.zeros(CLASSES)
                        for part in parts
                    ],
                    [part.coverage if part else 0.0 for part in parts],
                    [part.age if part else 0.0 for part in parts],
                    [part.left if part else 0.0 for part in parts],
                    [part is not None for part in parts],
                    label,
                    fold,
                    number,
                )
            )
    kinds = (*[np.float32] * 4, np.bool_, np.int64, np.int64, np.int64)
    sides = zip(*columns, strict=True)
    return Rows(*(np.array(each, kind) for each, kind in zip(sides, kinds, strict=True)))


def _part(bank: Bank, fold: int) -> Bank:
    return {modality: _rows_of(scores, modality, fold) for modality, scores in bank.items()}


def _rows_of(scores: Scores, modality: Modality, fold: int) -> Scores:
    who = np.unique(scores.groups, return_inverse=True)[1]
    own = who % FOLDS == fold
    return Scores(scores.probs[own], scores.labels[own], scores.coverage[own], scores.groups[own])
