"""The score bank: what the shipped models say of faces, voices and lines they did not learn from.

It holds probabilities, labels and coverages, and no picture, sound or text. How it is made is in
``models_onnx/score_bank/CARD.md``.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from esapr import models_onnx
from esapr.inference.signals import Modality

PATH = models_onnx.ROOT / "score_bank" / "bank.npz"

FACE_VIEWS = ("plain", "mirrored", "moved_right", "moved_left", "dark", "blurred", "far")
GOOD_FACE_VIEWS = 4
"""The first ones are what successive good pictures of one face differ by."""

VOICE_VIEWS = ("window_1_0_s", "window_1_5_s", "whole", "live")
"""The same utterance with one second of it in the window, one and a half, all, and in noise."""

Split = Literal["learning", "test"]


@dataclass(frozen=True, slots=True)
class Scores:
    """Scores of one modality.

    ``probs`` is float32 ``[N, views, 7]``, ``labels`` int64 ``[N]``, ``coverage`` float32
    ``[N, views]`` (ones, unless the pictures' quality lowers it), ``groups`` int64 ``[N]`` who it
    was: an actor's number, or the row's own.
    """

    probs: NDArray[np.float32]
    labels: NDArray[np.int64]
    coverage: NDArray[np.float32]
    groups: NDArray[np.int64]


Bank = Mapping[Modality, Scores]


def read(split: Split) -> Bank:
    """Return the scores that the fusion learns from, or those that it is tested on."""
    with np.load(PATH) as stored:
        return {modality: _scores(stored, f"{split}_{modality}_") for modality in Modality}


def _scores(stored: Mapping[str, NDArray[np.generic]], prefix: str) -> Scores:
    probs = stored[f"{prefix}probs"].astype(np.float32)
    probs = probs / probs.sum(axis=-1, keepdims=True)
    coverage = stored.get(f"{prefix}coverage")
    actors = stored.get(f"{prefix}actors")
    count = len(probs)
    return Scores(
        probs,
        stored[f"{prefix}labels"].astype(np.int64),
        np.ones(probs.shape[:2], np.float32) if coverage is None else coverage.astype(np.float32),
        np.arange(count) if actors is None else actors.astype(np.int64),
    )
