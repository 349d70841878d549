"""``esapr loadtest build-media``: a clip of labelled faces and voices, and its label track.

A face of a label stands on a plain canvas while people speak with that label; after six seconds
the next label follows. Which faces and voices is left to a seeded chance among those whose label is
clear. What is made here belongs to the corpora: it is for one's own measurements.
"""

from collections.abc import Iterator, Sequence
from pathlib import Path
from random import Random
from typing import TypeVar, get_args

import cv2
import msgspec
import numpy as np
from numpy.typing import NDArray

from esapr.load_tests.clip_file import HEIGHT, WIDTH, write_clip
from esapr.load_tests.corpora import (
    PUBLIC_TEST,
    CorpusError,
    Voice,
    read_faces,
    read_lines,
    read_voices,
    voice_files,
)
from esapr.load_tests.encoders import AUDIO_RATE
from esapr.load_tests.labels import Label, Labels, Line, Span, label_file

FPS = 15
SPAN_SECONDS = 6
ROUNDS = 4
"""How often each label is shown."""

LINES = 4
VOICES = 6
"""Lines and utterances of each label; six of the latter outlast a span."""

FACE_SIZE = 288
CANVAS = 112
"""Side of a face in pixels, and the grey around it."""

DRIFT = 10.0
"""Pixels that a face moves to either side, in a circle, once each span."""

PAUSE = AUDIO_RATE * 3 // 10
PEAK = 0.7
PICTURE_BIT_RATE = 330_000

Picture = NDArray[np.uint8]
T = TypeVar("T")


def build(data: Path, target: Path, seed: int) -> Labels:
    """Write the clip ``target`` (WebM), and its labels beside it, from the corpora in ``data``.

    Raises:
        CorpusError: there is no pyarrow, or a corpus has too little of a label.
        OSError: a corpus is not there, or the files cannot be written.
    """
    chance = Random(seed)
    order = label_order(chance)
    lines = read_lines(data)
    write_clip(
        target,
        pictures(_faces(data, order, chance)),
        sound(_voices(data, order, chance)),
        fps=FPS,
        bit_rate=PICTURE_BIT_RATE,
        options={"deadline": "realtime", "cpu-used": "8"},
    )
    labels = Labels(
        spans=tuple(
            Span(turn * SPAN_SECONDS, (turn + 1) * SPAN_SECONDS, label)
            for turn, label in enumerate(order)
        ),
        lines=tuple(_some_lines(lines, chance)),
    )
    label_file(target).write_text(toml(labels), "utf-8")
    return labels


def label_order(chance: Random) -> list[Label]:
    """Return which label each span shows: all of them in each round, none twice in a row."""
    order: list[Label] = []
    for _ in range(ROUNDS):
        labels: list[Label] = list(get_args(Label))
        chance.shuffle(labels)
        if order and labels[0] == order[-1]:
            labels.reverse()
        order += labels
    return order


def _faces(data: Path, order: Sequence[Label], chance: Random) -> list[Picture]:
    """Return a face (grey ``[48, 48]``) for each span."""
    faces = read_faces(data, PUBLIC_TEST)
    clear = np.flatnonzero(faces.clear)
    by_label = {
        label: iter(_sample([i for i in clear if faces.labels[i] == label], ROUNDS, chance, label))
        for label in get_args(Label)
    }
    return [faces.images[next(by_label[label])] for label in order]


def _voices(data: Path, order: Sequence[Label], chance: Random) -> list[list[Voice]]:
    """Return what is said in each span."""
    count = ROUNDS * VOICES
    wanted = {
        name: label
        for label, names in voice_files(data).items()
        for name in _sample(sorted(names), count, chance, label)
    }
    by_label: dict[str, list[Voice]] = {}
    for voice in read_voices(data, wanted):
        by_label.setdefault(voice.label, []).append(voice)
    for voices in by_label.values():
        chance.shuffle(voices)
    return [[by_label[label].pop() for _ in range(VOICES)] for label in order]


def pictures(faces: Sequence[Picture]) -> Iterator[Picture]:
    """Yield the pictures (RGB ``[480, 640, 3]``) in which each face stands for a span."""
    for face in faces:
        large = cv2.resize(face, (FACE_SIZE, FACE_SIZE), interpolation=cv2.INTER_CUBIC)
        for index in range(SPAN_SECONDS * FPS):
            turn = 2 * np.pi * index / (SPAN_SECONDS * FPS)
            top = (HEIGHT - FACE_SIZE) // 2 + round(DRIFT * np.sin(turn))
            left = (WIDTH - FACE_SIZE) // 2 + round(DRIFT * np.cos(turn))
            picture = np.full((HEIGHT, WIDTH), CANVAS, np.uint8)
            picture[top : top + FACE_SIZE, left : left + FACE_SIZE] = large
            yield np.repeat(picture[..., None], 3, axis=2)


def sound(spans: Sequence[Sequence[Voice]]) -> NDArray[np.int16]:
    """Return what is heard (int16 ``[samples]`` at 48 kHz): the voices of each span, in turn."""
    length = SPAN_SECONDS * AUDIO_RATE
    whole = np.zeros(len(spans) * length, np.int16)
    for turn, voices in enumerate(spans):
        at, end = turn * length, (turn + 1) * length
        for voice in voices:
            said = _loud(voice.samples)[: end - at]
            whole[at : at + len(said)] = said
            at = min(end, at + len(said) + PAUSE)
    return whole


def _loud(samples: NDArray[np.int16]) -> NDArray[np.int16]:
    """Return speech at one loudness: the corpora differ by a factor of a hundred."""
    loudest = max(1.0, float(np.abs(samples.astype(np.float64)).max()))
    return (samples * (PEAK * 32_767 / loudest)).astype(np.int16)


def _some_lines(lines: Sequence[Line], chance: Random) -> Iterator[Line]:
    for label in get_args(Label):
        yield from _sample([line for line in lines if line.label == label], LINES, chance, label)


def _sample(found: Sequence[T], count: int, chance: Random, label: str) -> list[T]:
    if len(found) < count:
        raise CorpusError(f"{count} of {label} are needed, there are {len(found)}")
    return chance.sample(found, count)


def toml(labels: Labels) -> str:
    """Return the label track as TOML, in which JSON's numbers and strings are its own."""
    text = ""
    for name, entries in (("spans", labels.spans), ("lines", labels.lines)):
        for entry in entries:
            text += f"[[{name}]]\n"
            for key, value in msgspec.to_builtins(entry).items():
                text += f"{key} = {msgspec.json.encode(value).decode()}\n"
            text += "\n"
    return text
