"""Train a network: ``python -m esapr.models_onnx.training.face.train_expression``."""

import argparse
import os
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

os.environ["KERAS_BACKEND"] = "torch"

import keras
import numpy as np
import torch
from numpy.typing import NDArray

from esapr.models_onnx.evaluation import fer2013
from esapr.models_onnx.training.face import expression_network, mobile_network, recogniser
from esapr.models_onnx.training.face.budgeted import ADAM, Plan, Training, prepare_torch
from esapr.models_onnx.training.face.expression_network import standardise
from esapr.models_onnx.training.folders import data_folder, run_folder

STATISTICS_OF = 1024


@dataclass(frozen=True, slots=True)
class Recipe:
    """How a network is made, given the training faces ``[N, 48, 48]``, and trained."""

    body: Callable[[NDArray[np.uint8], Any], keras.Model]
    plan: Plan


def residual(images: NDArray[np.uint8], normalisation: Any) -> keras.Model:
    """Return the residual network, untrained."""
    del images
    return expression_network.body(normalisation)


def mobile(images: NDArray[np.uint8], normalisation: Any) -> keras.Model:
    """Return the MobileNet with the recogniser's weights, normalised on some of the faces."""
    network = mobile_network.body(normalisation)
    sample = torch.from_numpy(images[:: len(images) // STATISTICS_OF]).float()
    with torch.no_grad():
        mobile_network.start_from(network, recogniser.read(), standardise(sample[..., None]))
    return network


# Smaller pictures cost half of the last ones and teach the coarse shapes first. Sides are multiples
# of 8, so that the stages halve evenly.
RECIPES = {
    "residual": Recipe(
        residual,
        Plan(
            seconds=70 * 60,
            sides=((0.4, 32), (0.7, 40), (1.0, 48)),
            optimiser=partial(torch.optim.SGD, momentum=0.9, nesterov=True),
            peak_rate=0.1,
            weight_decay=5e-4,
            votes_share=0.35,
            batch=128,
            threads=1,
        ),
    ),
    "mobile": Recipe(
        mobile,
        Plan(
            seconds=58 * 60,
            sides=((0.4, 48), (1.0, 64)),
            optimiser=ADAM,
            peak_rate=1e-3,
            weight_decay=0.05,
            votes_share=0.7,
            batch=64,
            threads=2,
        ),
    ),
}


def main() -> None:
    """Train until the budget is spent; keep the averaged weights that do best on PublicTest."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("network", choices=list(RECIPES))
    parser.add_argument("--minutes", type=float, help="processor time to train, of each thread")
    parser.add_argument("--threads", type=int, help="cores that share a batch")
    parser.add_argument("--run", help="name of the run's folder")
    arguments = parser.parse_args()
    recipe = RECIPES[arguments.network]
    plan = replace(
        recipe.plan,
        seconds=60 * arguments.minutes if arguments.minutes else recipe.plan.seconds,
        threads=arguments.threads or recipe.plan.threads,
    )
    prepare_torch()
    source = data_folder() / "face"
    faces = fer2013.read(source, fer2013.Split.TRAINING)
    training = Training(partial(recipe.body, faces.images), faces, plan)
    folder = run_folder(arguments.run or f"face_expression_{arguments.network}")
    training.run(fer2013.read(source, fer2013.Split.PUBLIC_TEST), folder)


if __name__ == "__main__":
    main()
