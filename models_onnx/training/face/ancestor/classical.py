"""Boosted trees and support-vector machines on features, tuned on PublicTest."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import lightgbm
import numpy as np
from numpy.typing import NDArray
from sklearn.decomposition import PCA
from sklearn.kernel_approximation import Nystroem
from sklearn.linear_model import SGDClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from esapr.inference.emotions import CLASSES

Features = NDArray[np.float32]
Labels = NDArray[np.int64]
Logits = NDArray[np.float32]
Scorer = Callable[[Features], Logits]
SEED = 7

COMPONENTS = 200
SUPPORT = 1000
WIDTHS = (0.5, 2.0)
PENALTIES = (1e-5, 1e-4)
PASSES = 15

ROUNDS = 600
PATIENCE = 40


@dataclass(frozen=True, slots=True)
class Split:
    """Features ``[N, D]`` and labels ``[N]``."""

    features: Features
    labels: Labels


def boosted(training: Split, public: Split) -> tuple[Scorer, Any]:
    """Fit LightGBM (Ke et al. 2017); the number of trees is the best on ``public``.

    Returns a function from features to logits ``[N, 7]``, and the fitted model.
    """
    model = lightgbm.LGBMClassifier(
        n_estimators=ROUNDS,
        learning_rate=0.1,
        max_bin=63,
        colsample_bytree=0.1,
        subsample=0.5,
        subsample_freq=1,
        min_child_samples=50,
        random_state=SEED,
        n_jobs=1,
        verbose=-1,
    )
    model.fit(
        training.features,
        training.labels,
        eval_set=[(public.features, public.labels)],
        callbacks=[lightgbm.early_stopping(PATIENCE, verbose=False)],
    )
    return lambda features: np.asarray(model.predict(features, raw_score=True), np.float32), model


def support_vectors(training: Split, public: Split) -> tuple[Scorer, Any]:
    """Fit a support-vector machine with a Gaussian kernel on the principal components.

    The kernel is approximated from 1,000 faces (Nystroem; Williams & Seeger 2001) and the hinge
    loss follows gradients (Shalev-Shwartz et al. 2011): exact machines on 26,000 faces take hours.
    Width and penalty are the best on ``public``.

    Returns a function from features to logits ``[N, 7]``, and the fitted model.
    """
    size = min(COMPONENTS, training.features.shape[1])
    reduce = make_pipeline(StandardScaler(), PCA(size, whiten=False, random_state=SEED))
    seen = reduce.fit_transform(training.features)
    held_out = reduce.transform(public.features)
    # The mean squared distance of two faces sets the scale of the width.
    scale = 1 / (2 * seen.var(axis=0).sum())
    best: tuple[float, Any] = (0.0, None)
    for width in WIDTHS:
        kernel = Nystroem(gamma=width * scale, n_components=SUPPORT, random_state=SEED)
        rows = kernel.fit_transform(seen)
        columns = kernel.transform(held_out)
        for penalty in PENALTIES:
            machine = SGDClassifier(
                alpha=penalty, average=True, max_iter=PASSES, tol=None, random_state=SEED
            )
            machine.fit(rows, training.labels)
            right = float((machine.predict(columns) == public.labels).mean())
            if right > best[0]:
                best = right, make_pipeline(*(step for _, step in reduce.steps), kernel, machine)
    fitted = best[1]
    assert len(fitted.classes_) == CLASSES
    return lambda features: np.asarray(fitted.decision_function(features), np.float32), fitted
