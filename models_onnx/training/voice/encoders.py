"""What smaller encoders cost and know: ``python -m esapr.models_onnx.training.voice.encoders``.

The first layers of Whisper base and of Whisper tiny.en, each under a head of its own: mean recall
of unseen actors on whole clips and in noise, from heads that learned on these two views of RAVDESS,
with one shrinkage for all; milliseconds of processor time for the two and a half seconds that the
server gives a window at most, encoders taking turns; size of the int8 graph.
"""

import time
from collections.abc import Callable
from dataclasses import replace
from functools import reduce
from operator import add
from pathlib import Path

import numpy as np
import onnxruntime as ort
import torch
from threadpoolctl import threadpool_limits

from esapr.inference.signals import SAMPLE_RATE
from esapr.inference.voice.activity import MOST
from esapr.models_onnx.evaluation.acted_speech import FOLDS
from esapr.models_onnx.evaluation.metrics import mean_recall
from esapr.models_onnx.evaluation.spoken_views import NOISY, WHOLE
from esapr.models_onnx.training.folders import run_folder
from esapr.models_onnx.training.voice import graph
from esapr.models_onnx.training.voice.features import Features, extracted, load
from esapr.models_onnx.training.voice.head import fit, flat, moments
from esapr.models_onnx.training.voice.whisper import (
    PooledEncoder,
    Variables,
    base_variables,
    tiny_variables,
)

VIEWS = (WHOLE, NOISY)
SHRINKAGE = 0.4
DEPTHS: dict[str, tuple[Callable[[], Variables], tuple[int, ...]]] = {
    "base": (base_variables, (1, 2, 3)),
    "tiny.en": (tiny_variables, (1, 2, 3, 4)),
}
ROUNDS = 20


def main() -> None:
    """Print a line an encoder."""
    torch.set_num_threads(1)
    paths = {
        (name, depth): _written(name, variables(), depth)
        for name, (variables, depths) in DEPTHS.items()
        for depth in depths
    }
    sessions = [graph.session(path) for path in paths.values()]
    costs = dict(zip(paths, milliseconds(sessions), strict=True))
    with threadpool_limits(1):
        for name, (_, depths) in DEPTHS.items():
            features = _features(paths[name, depths[-1]])
            width = features.pooled.shape[1] // depths[-1]
            for depth in depths:
                some = replace(features, pooled=features.pooled[:, : depth * width])
                whole, noisy = recalls(some)
                size = paths[name, depth].stat().st_size / 1e6
                print(
                    f"{name} {depth} layers: UAR whole {whole:.1%} noise {noisy:.1%}, "
                    f"{costs[name, depth]:.1f} ms, {size:.1f} MB",
                    flush=True,
                )


def recalls(features: Features) -> list[float]:
    """Return the mean recall of each view's clips, from heads that heard none of the fold."""
    x = flat(features).astype(np.float32)
    parts = [moments(features, features.fold == fold) for fold in range(len(FOLDS))]
    logits = np.zeros((len(x), 7), np.float32)
    for fold in range(len(FOLDS)):
        seen = reduce(add, parts[:fold] + parts[fold + 1 :])
        head = fit(seen, slice(None), [SHRINKAGE])[SHRINKAGE]
        logits[features.fold == fold] = head.logits(x[features.fold == fold])
    tested = [features.view == number for number in range(len(VIEWS))]
    return [mean_recall(logits[rows], features.emotion[rows]) for rows in tested]


def milliseconds(sessions: list[ort.InferenceSession]) -> list[float]:
    """Return each one's lower quartile of processor time; they take turns."""
    random = np.random.default_rng(0)
    samples = random.normal(0, 0.05, (1, MOST)).astype(np.float32)
    times = np.zeros((ROUNDS, len(sessions)))
    for taken in times:
        for number, session in enumerate(sessions):
            started = time.thread_time()
            session.run(None, {"samples": samples})
            taken[number] = time.thread_time() - started
    quartiles: list[float] = (1000 * np.quantile(times, 0.25, axis=0)).tolist()
    return quartiles


def _written(name: str, variables: Variables, depth: int) -> Path:
    path = run_folder("voice_encoders") / f"{name}_{depth}.onnx"
    if not path.exists():
        module = PooledEncoder(variables, tuple(range(1, depth + 1)))
        plain = path.with_suffix(".float")
        example = torch.randn(2, SAMPLE_RATE)
        graph.export(module, example, plain, output="pooled", free=("batch", "samples"))
        graph.quantise(plain, path)
        plain.unlink()
    return path


def _features(encoder: Path) -> Features:
    """Return both views of RAVDESS, ``pooled`` ``[N, D]``."""
    labels = load("ravdess", VIEWS)
    pooled = [extracted("ravdess", view, encoder) for view in VIEWS]
    return replace(labels, pooled=np.stack(pooled, axis=1).reshape(len(labels.view), -1))


if __name__ == "__main__":
    main()
