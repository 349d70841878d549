"""Would a temperature for each length of speech help? ``python -m …training.voice.temperatures``.

Prints, for each length, the temperature that fits unseen actors of RAVDESS, the one that fits TESS
where no TESS was heard, the one that fits both, half and half, and the calibration errors that each
leaves. The answer is in docs/decisions/0049-one-temperature-for-every-length.md.
"""

from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits

from esapr.inference.cards import ModelCard
from esapr.models_onnx import ROOT
from esapr.models_onnx.evaluation.acted_speech import FOLDS
from esapr.models_onnx.evaluation.metrics import calibration_error, fit_temperature
from esapr.models_onnx.evaluation.spoken_views import SHORT, SHORTEST, WHOLE
from esapr.models_onnx.training.voice.features import load
from esapr.models_onnx.training.voice.folds import Logits, Speakers, nested, trained
from esapr.models_onnx.training.voice.head import flat
from esapr.models_onnx.training.voice.views import VIEWS

LENGTHS = (WHOLE, SHORT, SHORTEST)


@dataclass(frozen=True, slots=True)
class Scored:
    """Logits ``[N, 7]`` of clips whose speakers the head has not heard, and what they show."""

    logits: Logits
    emotion: NDArray[np.int64]

    def temperature(self) -> float:
        """Return the temperature that fits best."""
        return fit_temperature(self.logits, self.emotion)

    def error(self, temperature: float) -> float:
        """Return the expected calibration error at ``temperature``."""
        return calibration_error(self.logits, self.emotion, temperature)


def main() -> None:
    """Train the heads and print a line a length."""
    torch.set_num_threads(1)
    acted, tess = load("ravdess"), load("tess")
    with threadpool_limits(1):
        speakers = Speakers(acted, tess)
        result = nested(acted, speakers)
        stranger = trained(speakers.without(tess=tuple(set(tess.speaker))), result.shipped)
    names = [view.name for view in VIEWS["ravdess"]]
    shipped = ModelCard.read(ROOT / "voice_expression").temperature
    for view in LENGTHS:
        rows = acted.view == names.index(view.name)
        known = Scored(result.logits[rows], acted.emotion[rows])
        clips = load("tess", [view])
        strange = Scored(stranger.logits(flat(clips).astype(np.float32)), clips.emotion)
        both = halves(known, strange).temperature()
        print(
            f"{view.name}: fits known {known.temperature():.2f} strangers "
            f"{strange.temperature():.2f} both {both:.2f}; ECE at its own "
            f"{held_out(known, acted.fold[rows]):.3f}, at both's {known.error(both):.3f} "
            f"{strange.error(both):.3f}, at {shipped:.2f} {known.error(shipped):.3f} "
            f"{strange.error(shipped):.3f}"
        )


def halves(known: Scored, strange: Scored) -> Scored:
    """Return as many clips of either, drawn from the corpus that has more."""
    random, count = np.random.default_rng(0), min(len(known.emotion), len(strange.emotion))
    drawn = [random.permutation(len(each.emotion))[:count] for each in (known, strange)]
    pairs = list(zip((known, strange), drawn, strict=True))
    return Scored(
        np.concatenate([each.logits[rows] for each, rows in pairs]),
        np.concatenate([each.emotion[rows] for each, rows in pairs]),
    )


def held_out(known: Scored, fold: NDArray[np.int64]) -> float:
    """Return the error of actors whose temperature was fitted on the other folds."""
    scaled = known.logits.copy()
    for each in range(len(FOLDS)):
        own = fold == each
        others = Scored(known.logits[~own], known.emotion[~own])
        scaled[own] /= others.temperature()
    return calibration_error(scaled, known.emotion, 1.0)


if __name__ == "__main__":
    main()
