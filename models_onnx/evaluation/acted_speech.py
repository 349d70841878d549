"""RAVDESS and TESS: acted English speech with a label for each clip, 16 kHz mono."""

import csv
import io
import tarfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

import av
import numpy as np
from numpy.typing import NDArray

from esapr.inference.emotions import Emotion

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


@dataclass(frozen=True, slots=True)
class Clip:
    """One utterance. ``fold`` is its place in :data:`FOLDS`, or -1 outside RAVDESS.

    RAVDESS' calm counts as neutral, TESS' pleasant surprise as surprise. ``sex`` is female or
    male, ``intensity`` normal or strong, as the corpus has it.
    """

    file: str
    corpus: str
    speaker: str
    sex: str
    intensity: str
    emotion: Emotion
    fold: int


def clips(folder: Path, corpus: str) -> list[Clip]:
    """Return the clips of ``corpus`` below ``folder`` in the order of its manifest.

    Raises:
        OSError: the manifest is missing, or lacks a column.
    """
    path = folder / corpus / "manifest.csv"
    with path.open(encoding="utf-8") as lines:
        try:
            return [
                Clip(
                    file=row["file"],
                    corpus=corpus,
                    speaker=row["speaker"],
                    sex=row["sex"],
                    intensity=row["intensity"],
                    emotion=Emotion[row["emotion"].upper()],
                    fold=_fold(row["speaker"]),
                )
                for row in csv.DictReader(lines)
            ]
        except KeyError as error:
            raise OSError(f"{path}: no {error}") from error


def contents(folder: Path, chosen: Iterable[Clip]) -> Iterator[bytes]:
    """Yield the files of clips of one corpus, in their order.

    Raises:
        OSError: the archive is missing or unreadable, or has no such clip.
    """
    clip_list = list(chosen)
    corpus = clip_list[0].corpus
    path = folder / corpus / ARCHIVES[corpus]
    try:
        with tarfile.open(path) as archive:
            for clip in clip_list:
                member = archive.extractfile(clip.file)
                if member is None:
                    raise FileNotFoundError(f"{path}: {clip.file} is no file")
                yield member.read()
    except (tarfile.TarError, KeyError) as error:
        raise OSError(f"{path}: {error}") from error


def decoded(content: bytes) -> NDArray[np.float32]:
    """Return the samples of a mono file of 16 bits a sample, in [-1, 1].

    Raises:
        OSError: it is none.
    """
    try:
        with av.open(io.BytesIO(content), mode="r") as container:
            frames = [frame.to_ndarray() for frame in container.decode(audio=0)]
    except (av.FFmpegError, IndexError) as error:
        raise OSError(f"unreadable sound: {error}") from error
    return np.asarray(np.concatenate(frames, axis=1)[0], np.float32) / np.float32(32768)


def _fold(speaker: str) -> int:
    corpus, _, name = speaker.partition("_")
    if corpus != "ravdess":
        return NO_FOLD
    return next(number for number, actors in enumerate(FOLDS) if int(name) in actors)
