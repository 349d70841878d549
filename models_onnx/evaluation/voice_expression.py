"""Figures of ``voice_expression`` on RAVDESS: the graph as it ships, by actors it never heard.

What ships heard every actor. Beside it lies what was trained and calibrated without the actors of
each fold: adapters, attention and the last linear map. Each clip is scored by the shipped graph
with those of its fold in place of its own (docs/decisions/0041-held-out-heads.md).
"""

import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from esapr.inference.calibration import Calibration, scaled
from esapr.inference.cards import ModelCard
from esapr.inference.models import Model
from esapr.inference.sessions import ChangedSession
from esapr.inference.voice.activity import MOST, PIECE
from esapr.models_onnx.evaluation import acted_speech, metrics, spoken_views
from esapr.models_onnx.evaluation.acted_speech import FOLDS, Clip
from esapr.models_onnx.evaluation.heard import RATE, Heard, seconds_of, together
from esapr.models_onnx.evaluation.spoken_views import View
from esapr.models_onnx.evaluation.timing import milliseconds

Logits = NDArray[np.float32]
FOLD_CONSTANTS = "folds.npz"

TESTED: dict[str, View] = {
    "folds": spoken_views.WHOLE,
    "folds_1500ms": spoken_views.SHORT,
    "folds_1000ms": spoken_views.SHORTEST,
    "folds_15db": spoken_views.NOISY,
}
"""Tested views of the clips, by their name in the answer."""

SPOILED: dict[str, View] = {
    "folds_2500ms": View("window_2_5_s", seconds=(2.5, 2.5)),
    "folds_5db": replace(spoken_views.NOISY, name="pink_noise_5_db", noise_db=(5.0, 5.0)),
    "folds_opus_12k": View("opus_12_kbit_s", kilobits=(12.0, 12.0)),
    "folds_opus_16k": spoken_views.CODED,
    "folds_opus_32k": View("opus_32_kbit_s", kilobits=(32.0, 32.0)),
    "folds_microphone": spoken_views.MICROPHONE,
    "folds_live": spoken_views.LIVE,
    "folds_12db_louder": View("louder", gain_db=12.0),
    "folds_12db_quieter": View("quieter", gain_db=-12.0),
}
"""More of them, tested on request."""


@dataclass(frozen=True, slots=True)
class Folds:
    """What is trained without a fold's actors, and how it is calibrated, fold by fold.

    ``constants`` ``[5, ...]`` by their names in the graph; ``temperature``, ``slope`` and ``rate``
    ``[5]``; ``shipped_rate`` ``[1]`` is the one in the graph.
    """

    constants: Mapping[str, NDArray[np.float32]]
    temperature: NDArray[np.float32]
    slope: NDArray[np.float32]
    rate: NDArray[np.float32]
    shipped_rate: NDArray[np.float32]

    @classmethod
    def read(cls, card: ModelCard) -> Self:
        """Read what lies beside the model.

        Raises:
            HashMismatchError: it is not what the card describes.
        """
        with np.load(io.BytesIO(card.file(FOLD_CONSTANTS))) as stored:
            arrays = {name: stored[name].astype(np.float32) for name in stored.files}
        names = ("temperature", "slope", "rate", "shipped_rate")
        return cls(**{name: arrays.pop(name) for name in names}, constants=arrays)

    def calibration(self, fold: int) -> Calibration:
        """Return how the network of ``fold`` is calibrated."""
        return Calibration(float(self.temperature[fold]), float(self.slope[fold]))

    def in_place(self, card: ModelCard, fold: int) -> ChangedSession:
        """Return the shipped graph with what is trained without ``fold``, at a rate of zero."""
        own = {name: value[fold] for name, value in self.constants.items()}
        return ChangedSession(card, {**own, RATE: np.zeros(1, np.float32)})


def evaluate(model: Model, folder: Path, *, robustness: bool = False) -> dict[str, Any]:
    """Measure ``model`` on the RAVDESS clips below ``folder``; all but times are shares of one.

    ``robustness`` adds :data:`SPOILED`.

    Raises:
        OSError: the corpus is not there.
    """
    clips = acted_speech.clips(folder, "ravdess")
    folds = Folds.read(model.card)
    sessions = [folds.in_place(model.card, fold) for fold in range(len(FOLDS))]
    views = TESTED | (SPOILED if robustness else {})
    found: dict[str, list[Heard]] = {name: [] for name in views}
    for clip, content in zip(clips, acted_speech.contents(folder, clips), strict=True):
        samples = acted_speech.decoded(content)
        for name, view in views.items():
            pieces = in_pieces(spoken_views.render(view, samples, clip.file))
            logits = sessions[clip.fold].run({"samples": pieces})["logits"]
            found[name].append(Heard(logits, np.array([seconds_of(pieces)])))
    return {
        "model": model.card.name,
        "version": model.card.version,
        "clips": len(clips),
        **{
            name: figures(together(rows), folds, clips, model.card.calibration)
            for name, rows in found.items()
        },
        "ms_per_item": milliseconds(model, {"samples": _noise()}),
    }


def in_pieces(samples: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return ``[1, T, 320]`` without the last samples that fill no piece."""
    return samples[: len(samples) // PIECE * PIECE].reshape(1, -1, PIECE)


def figures(heard: Heard, folds: Folds, clips: list[Clip], shipped: Calibration) -> dict[str, Any]:
    """Return the figures of held-out clips.

    ``ece`` is by each fold's own rate and calibration, ``ece_shipped`` by the rate in the graph and
    the calibration on the card.
    """
    labels = np.array([int(clip.emotion) for clip in clips])
    calibrations = [folds.calibration(fold) for fold in range(len(FOLDS))]
    fold = np.array([clip.fold for clip in clips])
    ready = scaled_by_fold(heard.at(folds.rate[fold]), fold, calibrations)
    return {
        **_figures_of(ready, labels),
        "macro_f1": metrics.macro_f1(ready, labels),
        "ece": metrics.calibration_error(ready, labels),
        "ece_shipped": metrics.calibration_error(heard.at(folds.shipped_rate), labels, shipped),
        "f1": metrics.f1_scores(ready, labels),
        "by_sex": _parts(ready, labels, [clip.sex for clip in clips]),
        "by_intensity": _parts(ready, labels, [clip.intensity for clip in clips]),
        "by_fold": _parts(ready, labels, [str(clip.fold + 1) for clip in clips]),
    }


def scaled_by_fold(
    logits: Logits, fold: NDArray[np.int64], calibrations: Sequence[Calibration]
) -> Logits:
    """Return logits ``[N, 7]``, each row scaled by the calibration of its ``fold`` ``[N]``."""
    ready = np.empty_like(logits)
    for each, calibration in enumerate(calibrations):
        ready[fold == each] = scaled(logits[fold == each], calibration)
    return ready


def _parts(
    logits: Logits, labels: NDArray[np.int64], names: list[str]
) -> Mapping[str, Mapping[str, float]]:
    by_name = np.array(names)
    return {
        name: _figures_of(logits[by_name == name], labels[by_name == name])
        for name in sorted(set(names))
    }


def _figures_of(logits: Logits, labels: NDArray[np.int64]) -> dict[str, float]:
    return {
        "accuracy": metrics.accuracy(logits, labels),
        "uar": metrics.mean_recall(logits, labels),
    }


def _noise() -> NDArray[np.float32]:
    samples = np.random.default_rng(0).normal(0, 0.05, (1, MOST // PIECE, PIECE))
    return samples.astype(np.float32)
