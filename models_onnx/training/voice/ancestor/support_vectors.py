"""The ancestor's first pipeline: a support-vector machine on 140 components, exported to ONNX."""

from pathlib import Path

import numpy as np
import skl2onnx
from numpy.typing import NDArray
from sklearn.decomposition import PCA
from sklearn.feature_selection import SelectKBest, f_classif
from sklearn.model_selection import GridSearchCV, LeaveOneGroupOut
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVC

from esapr.models_onnx.training.voice.graph import OPSET

COMPONENTS = 140
KEPT = (150, 180)
PENALTIES = (1.0, 3.0, 10.0, 30.0)
SEED = 7


def fitted(
    features: NDArray[np.float32], labels: NDArray[np.int64], folds: NDArray[np.int64]
) -> Pipeline:
    """Return the pipeline for features ``[N, 200]``.

    How many features are kept and the penalty have the best mean recall over the training
    ``folds``, each left out in turn.
    """
    steps = [
        ("scale", StandardScaler()),
        ("select", SelectKBest(f_classif)),
        ("project", PCA(COMPONENTS, random_state=SEED)),
        ("machine", SVC(kernel="rbf", gamma="scale", class_weight="balanced")),
    ]
    grid = {"select__k": KEPT, "machine__C": PENALTIES}
    search = GridSearchCV(
        Pipeline(steps), grid, scoring="recall_macro", cv=LeaveOneGroupOut(), n_jobs=1
    )
    search.fit(features, labels, groups=folds)
    return search.best_estimator_


def export(pipeline: Pipeline, features: NDArray[np.float32], path: Path) -> None:
    """Write the graph: ``X`` ``[batch, 200]`` to labels ``[batch]`` and scores."""
    graph = skl2onnx.to_onnx(
        pipeline, features[:1], options={"machine": {"raw_scores": True}}, target_opset=OPSET
    )
    path.write_bytes(graph.SerializeToString())
