"""RAVDESS and TESS: acted English speech with a label for each clip, 16 kHz mono."""

import csv
import io
import tarfile
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import soundfile
from numpy.typing import NDArray

from esapr.inference.emotions import Emotion
from esapr.models_onnx.training.folders import data_folder

ARCHIVES = {"ravdess": "ravdess_16k_flac.tar", "tess": "tess_16k_opus.tar"}

FOLDS: tuple[tuple[int, ...], ...] = (
    (2, 5, 14, 15, 16),
    (3, 6, 7, 13, 18),
    (10, 11, 12, 19, 20),
    (8, 17, 21, 23, 24),
    (1, 4, 9, 22),
)
"""RAVDESS actors of each fold (Luna-Jiménez et al. 2022, doi 10.3390/app12010327)."""

NO_FOLD = -1


@dataclass(frozen=True)
class Clip:
    """One utterance. ``fold`` is its place in :data:`FOLDS`, or -1 outside RAVDESS.

    RAVDESS' calm counts as neutral, TESS' pleasant surprise as surprise.
    """

    file: str
    corpus: str
    speaker: str
    emotion: Emotion
    fold: int


def clips(corpus: str) -> list[Clip]:
    """Return the clips of ``corpus`` in the order of its manifest."""
    with (data_folder() / "voice" / corpus / "manifest.csv").open(encoding="utf-8") as lines:
        return [
            Clip(
                file=row["file"],
                corpus=corpus,
                speaker=row["speaker"],
                emotion=Emotion[row["emotion"].upper()],
                fold=_fold(row["speaker"]),
            )
            for row in csv.DictReader(lines)
        ]


def sounds(chosen: list[Clip]) -> Iterator[NDArray[np.float32]]:
    """Yield the samples of clips of one corpus, in their order."""
    corpus = chosen[0].corpus
    with tarfile.open(data_folder() / "voice" / corpus / ARCHIVES[corpus]) as archive:
        for clip in chosen:
            member = archive.extractfile(clip.file)
            if member is None:
                raise FileNotFoundError(clip.file)
            samples, _ = soundfile.read(io.BytesIO(member.read()), dtype="float32")
            yield samples


def _fold(speaker: str) -> int:
    corpus, _, name = speaker.partition("_")
    if corpus != "ravdess":
        return NO_FOLD
    return next(number for number, actors in enumerate(FOLDS) if int(name) in actors)
