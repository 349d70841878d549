"""Write the score bank: ``python -m …training.fusion.make_bank``.

The shipped models score what they have not learned from. What the fusion learns from and what it
is tested on share no face, no actor and no line:

========  ================  =============================================
modality  learning          test
========  ================  =============================================
face      PublicTest        PrivateTest
voice     actors of 3 folds  actors of the other two
text      GoEmotions dev    GoEmotions test
========  ================  =============================================

The shipped voice network has heard every actor. Its place is taken by others of the same kind that
have not: for learning, by ones that heard neither the actor nor any of the test's; for the test, by
ones that heard everybody but the actor's own fold.
"""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from esapr import models_onnx
from esapr.inference.calibration import calibrated
from esapr.inference.cards import ModelCard
from esapr.inference.emotions import CLASSES
from esapr.inference.models import Model
from esapr.inference.quality import coverage_of, face_quality
from esapr.inference.signals import HeadPose
from esapr.models_onnx.evaluation import fer2013, spoiling
from esapr.models_onnx.evaluation.face_expression import logits
from esapr.models_onnx.evaluation.score_bank import FACE_VIEWS, PATH, VOICE_VIEWS
from esapr.models_onnx.evaluation.spoken_views import LIVE, SHORT, SHORTEST, WHOLE
from esapr.models_onnx.training.folders import data_folder
from esapr.models_onnx.training.text.corpora import goemotions
from esapr.models_onnx.training.text.evaluate_expression import Scored, scored
from esapr.models_onnx.training.voice import graph
from esapr.models_onnx.training.voice.fine_tune import Corpora, network, without
from esapr.models_onnx.training.voice.held_out import opened
from esapr.models_onnx.training.voice.held_out import scored as scored_voices

MOST = 200
"""Items a class and modality: a bank of a few hundred kilobytes."""

LEARNING_FOLDS, TEST_FOLDS = (0, 1, 2), (3, 4)
FOLDS = {"learning": LEARNING_FOLDS, "test": TEST_FOLDS}
FACES = {"learning": fer2013.Split.PUBLIC_TEST, "test": fer2013.Split.PRIVATE_TEST}
HEARD = {view.name: view for view in (SHORTEST, SHORT, WHOLE, LIVE)}
LINES = {"learning": "dev", "test": "test"}

STRAIGHT = HeadPose(0.0, 0.0, 0.0)
FRAME_SIDE = {"far": 24.0}
"""Side of the face in the frame, where the view says something of it."""

Arrays = dict[str, NDArray[Any]]
Picture = NDArray[np.uint8]


def main() -> None:
    """Score everything and write the file."""
    arrays: Arrays = {}
    for split in ("learning", "test"):
        found = {"face": _faces(split), "text": _lines(split), "voice": _voices(split)}
        for modality, columns_ in found.items():
            arrays |= {f"{split}_{modality}_{name}": value for name, value in columns_.items()}
            print(split, modality, np.bincount(columns_["labels"]), flush=True)
    PATH.parent.mkdir(exist_ok=True)
    np.savez_compressed(PATH, allow_pickle=False, **arrays)
    print(PATH, Path(PATH).stat().st_size)


def _chosen(labels: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return the rows that go into the bank: at most :data:`MOST` of each class, by chance."""
    random = np.random.default_rng(2013)
    rows = [np.flatnonzero(labels == each) for each in range(CLASSES)]
    return np.sort(np.concatenate([random.permutation(own)[:MOST] for own in rows]))


def _card(name: str) -> ModelCard:
    return ModelCard.read(models_onnx.folders()[name])


def _faces(split: str) -> Arrays:
    model = Model(_card("face_expression"))
    faces = fer2013.read(data_folder() / "face", FACES[split])
    rows = _chosen(faces.labels)
    probs, coverages = [], []
    for view in FACE_VIEWS:
        seen = np.stack([_VIEWS[view](face) for face in faces.images[rows]])
        probs.append(calibrated(logits(model, seen), model.card.calibration))
        sides = np.full(len(seen), FRAME_SIDE.get(view, 120.0))
        flags = face_quality(seen, sides, [STRAIGHT] * len(seen))
        coverages.append([coverage_of(each) for each in flags])
    return {
        "probs": np.stack(probs, axis=1).astype(np.float16),
        "coverage": np.array(coverages, np.float16).T,
        "labels": faces.labels[rows].astype(np.uint8),
    }


def _moved(face: Picture, right: int, down: int) -> Picture:
    return np.roll(face, (down, right), axis=(0, 1))


_VIEWS: dict[str, Callable[[Picture], Picture]] = {
    "plain": lambda face: face,
    "mirrored": lambda face: np.ascontiguousarray(face[:, ::-1]),
    "moved_right": lambda face: _moved(face, 2, 1),
    "moved_left": lambda face: _moved(face, -2, -1),
    "dark": lambda face: spoiling.exposed(face, -3.0),
    "blurred": lambda face: spoiling.blurred(face, 1.5),
    "far": lambda face: spoiling.shrunk(face, 24),
}


def _lines(split: str) -> Arrays:
    card = _card("text_expression")
    corpus = goemotions(LINES[split])
    single = np.flatnonzero(corpus.single)
    kept = corpus.rows(single[_chosen(corpus.labels[single].argmax(axis=1))])
    found: Scored = scored(graph.session(card.path), kept)
    return {
        "probs": calibrated(found.logits, card.calibration)[:, None].astype(np.float16),
        "labels": kept.labels.argmax(axis=1).astype(np.uint8),
    }


def _voices(split: str) -> Arrays:
    card, corpora, sessions = _card("voice_expression"), Corpora(), {}
    for fold in FOLDS[split]:
        left_out = (fold, *TEST_FOLDS) if split == "learning" else (fold,)
        name = without(*left_out)
        sessions[fold] = opened(card.path, name, network(corpora, name))
    own = [(clip, samples) for clip, samples in corpora.ravdess if clip.fold in sessions]
    views = [HEARD[name] for name in VOICE_VIEWS]
    found = [scored_voices(own, view, lambda clip: sessions[clip.fold]) for view in views]
    probs = [calibrated(heard.logits, card.calibration) for heard in found]
    return {
        "probs": np.stack(probs, axis=1).astype(np.float16),
        "labels": np.array([int(clip.emotion) for clip, _ in own], np.uint8),
        "actors": np.array([int(clip.speaker.partition("_")[2]) for clip, _ in own], np.uint8),
    }


if __name__ == "__main__":
    main()
