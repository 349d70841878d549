"""The rows of the ancestor's table, and how each is trained here."""

import pickle
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import keras
import numpy as np
import torch
from numpy.typing import NDArray

from esapr.models_onnx.evaluation import fer2013
from esapr.models_onnx.training.face.ancestor import classical, encoder, features, networks
from esapr.models_onnx.training.face.budgeted import ADAM, Body, Plan, Training, predict
from esapr.models_onnx.training.face.expression_network import BEST, standardise
from esapr.models_onnx.training.face.torch_layers import FusedBatchNormalization
from esapr.models_onnx.training.folders import run_folder

Images = NDArray[np.uint8]
Numbers = NDArray[np.float32]
Extract = Callable[[Images], Numbers]
Fit = Callable[[classical.Split, classical.Split], tuple[classical.Scorer, Any]]
BATCH = 128


@dataclass(frozen=True, slots=True)
class Fitted:
    """A trained row: faces ``[N, 48, 48]`` to logits ``[N, 7]``, bytes, epochs of a network."""

    logits: Extract
    size: int
    epochs: int | None = None


@dataclass(frozen=True, slots=True)
class Data:
    """What a row is trained and tuned on, and how long and on how many threads a network may."""

    training: fer2013.Faces
    public: fer2013.Faces
    seconds: float
    threads: int


Train = Callable[[Data], Fitted]


def classified(extract: Extract, fit: Fit, data: Data) -> Fitted:
    """Fit a classifier on features."""
    public = classical.Split(extract(data.public.images), data.public.labels)
    scorer, model = fit(
        classical.Split(extract(data.training.images), data.training.labels), public
    )
    return Fitted(lambda images: scorer(extract(images)), len(pickle.dumps(model)))


def auto_encoded(data: Data) -> Fitted:
    """Fit boosted trees on the codes of an auto-encoder."""
    network = encoder.trained(data.training.images)
    fitted = classified(partial(encoder.encoded, network), classical.boosted, data)
    return Fitted(fitted.logits, fitted.size + 4 * network.count_params())


def network(name: str, body: Body, data: Data) -> Fitted:
    """Train a network for the budget, on the targets of the FER2013 labels alone."""
    plan = Plan(
        seconds=data.seconds,
        sides=((1.0, networks.SIDE),),
        optimiser=ADAM,
        peak_rate=1e-3,
        weight_decay=0.01,
        votes_share=0.0,
        batch=64,
        threads=data.threads,
    )
    training = Training(body, data.training, plan)
    folder = _folder(name)
    training.run(data.public, folder)
    kept = _kept(folder, training.averaged)
    return Fitted(
        lambda images: predict(kept, images, networks.SIDE),
        4 * kept.count_params(),
        training.epoch,
    )


def hybrid(data: Data) -> Fitted:
    """Fit a support-vector machine on gradients, points and the simple network's last layer.

    The ancestor trained the three together; here the network is that of the row ``simple_cnn``,
    which has to be trained first.

    Raises:
        OSError: it has not been.
    """
    kept = _kept(_folder("simple_cnn"), networks.simple(FusedBatchNormalization))
    last = keras.Model(kept.inputs, kept.layers[-3].output)
    extract = features.joined(features.gradients, features.landmarks, partial(_activations, last))
    fitted = classified(extract, classical.support_vectors, data)
    return Fitted(fitted.logits, fitted.size + 4 * last.count_params())


def _folder(name: str) -> Path:
    return run_folder(f"ancestor_{name}")


def _kept(folder: Path, made: keras.Model) -> keras.Model:
    """Return ``made`` with the weights that did best on PublicTest."""
    with np.load(folder / BEST) as stored:
        made.set_weights([stored[name] for name in stored.files])
    return made


@torch.no_grad()
def _activations(model: keras.Model, images: Images) -> Numbers:
    parts = torch.from_numpy(images).float()[..., None].split(BATCH)
    return np.concatenate([model(standardise(part)).float().numpy() for part in parts])


BOTH = features.joined(features.gradients, features.landmarks)
MACHINE = classical.support_vectors
ROWS: dict[str, Train] = {
    "lightgbm_flat": partial(classified, features.flat, classical.boosted),
    "lightgbm_encoded": auto_encoded,
    "svm_hog": partial(classified, features.gradients, MACHINE),
    "svm_landmarks": partial(classified, features.landmarks, MACHINE),
    "svm_both": partial(classified, BOTH, MACHINE),
    "svm_windows": partial(
        classified, features.joined(features.windows, features.landmarks), MACHINE
    ),
    "simple_cnn": partial(network, "simple_cnn", networks.simple),
    "deeper_cnn": partial(network, "deeper_cnn", networks.deeper),
    "inception": partial(network, "inception", networks.inception),
    "xception": partial(network, "xception", networks.xception),
    "dexpression": partial(network, "dexpression", networks.dexpression),
    "hybrid": hybrid,
    "alignment": partial(classified, features.alignment, MACHINE),
}
"""How each row of the table is trained, by its name in :mod:`reported`."""
