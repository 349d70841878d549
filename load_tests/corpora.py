"""Labelled faces, voices and lines of public corpora, which do not come with the package."""

import csv
import tarfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO

import av
import cv2
import numpy as np
from numpy.typing import NDArray

from esapr.load_tests.bench.contestant import FACE_SIDE
from esapr.load_tests.encoders import AUDIO_RATE
from esapr.load_tests.labels import Line

MOSAIC_COLUMNS = 200
PUBLIC_TEST, PRIVATE_TEST = 1, 2
"""Splits of FER2013."""

_VOICES = ("ravdess/ravdess_16k_flac.tar", "tess/tess_16k_opus.tar")
_VOTES = ("neutral", "happy", "surprise", "sad", "angry", "disgust", "fear")
"""The first of the ten columns of FER+, by our names."""

CLEAR_VOTES = 6
"""Of ten people who have to agree on what a face shows."""


class CorpusError(Exception):
    """A corpus is missing, incomplete or unreadable."""


@dataclass(frozen=True, slots=True)
class FaceSet:
    """Grey faces (uint8 ``[N, 48, 48]``), the label of each, and whether people agree on it."""

    images: NDArray[np.uint8]
    labels: list[str]
    clear: NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Voice:
    """One utterance: its label, and int16 ``[samples]`` at 48 kHz."""

    label: str
    samples: NDArray[np.int16]


def read_faces(data: Path, split: int) -> FaceSet:
    """Read a split of FER2013 from ``data/face``, without its duplicates.

    Raises:
        OSError: the data set is not there.
    """
    with np.load(data / "face" / "fer2013_labels.npz") as stored:
        rows = stored["keep"] & (stored["split"] == split)
        names = [str(name) for name in stored["class_names"]]
        labels = [names[label] for label in stored["label"][rows]]
        votes = stored["ferplus_votes"][rows]
    mosaic = cv2.imread(str(data / "face" / "fer2013_mosaic.png"), cv2.IMREAD_GRAYSCALE)
    if mosaic is None:
        raise OSError("fer2013_mosaic.png is missing or unreadable")
    tiles = mosaic.reshape(-1, FACE_SIDE, MOSAIC_COLUMNS, FACE_SIDE).swapaxes(1, 2)
    images = tiles.reshape(-1, FACE_SIDE, FACE_SIDE)[: len(rows)][rows]
    own = [_VOTES.index(label) for label in labels]
    clear = votes[np.arange(len(own)), own] >= CLEAR_VOTES
    return FaceSet(np.ascontiguousarray(images, np.uint8), labels, clear)


def read_voices(data: Path, wanted: dict[str, str]) -> Iterator[Voice]:
    """Read utterances from ``data/voice``; ``wanted`` has the label of each file's name.

    Raises:
        OSError: a corpus is not there.
    """
    for name in _VOICES:
        with tarfile.open(data / "voice" / name) as archive:
            for member in archive:
                content = archive.extractfile(member) if member.name in wanted else None
                if content is not None:
                    yield Voice(wanted[member.name], _decoded(content))


def voice_files(data: Path) -> dict[str, list[str]]:
    """Return the names of the utterances in ``data/voice`` by label.

    Raises:
        OSError: a corpus is not there.
    """
    found: dict[str, list[str]] = {}
    for corpus in ("ravdess", "tess"):
        with (data / "voice" / corpus / "manifest.csv").open(encoding="utf-8") as file:
            for row in csv.DictReader(file):
                found.setdefault(row["emotion"], []).append(row["file"])
    return found


def read_lines(data: Path) -> list[Line]:
    """Read the development lines of GoEmotions from ``data/text`` that have one label.

    Raises:
        CorpusError: there is no pyarrow to read them.
        OSError: the data set is not there.
    """
    try:
        from pyarrow import parquet
    except ImportError as error:
        raise CorpusError("GoEmotions is read with pyarrow: pip install pyarrow") from error
    table = parquet.read_table(data / "text" / "goemotions.parquet").to_pydict()
    rows = zip(table["split"], table["label7"], table["text"], strict=True)
    return [Line(label, text) for split, label, text in rows if split == "dev" and label]


def _decoded(file: IO[bytes]) -> NDArray[np.int16]:
    resampler = av.AudioResampler(format="s16", layout="mono", rate=AUDIO_RATE)
    pieces: list[NDArray[np.int16]] = []
    with av.open(file, "r") as container:
        for frame in container.decode(audio=0):
            pieces += [piece.to_ndarray()[0] for piece in resampler.resample(frame)]
        pieces += [piece.to_ndarray()[0] for piece in resampler.resample(None)]
    return np.concatenate(pieces).astype(np.int16)
