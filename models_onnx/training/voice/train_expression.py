"""Train, evaluate and write ``voice_expression``: ``python -m …training.voice.train_expression``.

Features (minutes) and networks (an hour of one core) are kept: run again, only what is missing is
made. :mod:`.fine_tune` makes the networks, several at a time if it is started several times.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from esapr.inference.calibration import Calibration, scaled
from esapr.inference.emotions import LABELS
from esapr.models_onnx.evaluation import voice_expression
from esapr.models_onnx.evaluation.acted_speech import FOLDS, Clip
from esapr.models_onnx.evaluation.heard import Heard, together
from esapr.models_onnx.evaluation.metrics import (
    accuracy,
    calibration_error,
    macro_f1,
    mean_recall,
    recalls,
)
from esapr.models_onnx.evaluation.spoken_views import (
    LIVE,
    MICROPHONE,
    NOISY,
    SHORT,
    SHORTEST,
    WHOLE,
    Samples,
)
from esapr.models_onnx.training import release
from esapr.models_onnx.training.folders import run_folder
from esapr.models_onnx.training.voice import graph, reference
from esapr.models_onnx.training.voice.adapters import Classifier, Constants
from esapr.models_onnx.training.voice.brevity import Certainty
from esapr.models_onnx.training.voice.features import STRIDE
from esapr.models_onnx.training.voice.fine_tune import NETWORKS, Corpora, network, without
from esapr.models_onnx.training.voice.folds import Logits
from esapr.models_onnx.training.voice.head import Head
from esapr.models_onnx.training.voice.held_out import opened, scored
from esapr.models_onnx.training.voice.timing import BUCKETS, milliseconds
from esapr.models_onnx.training.voice.whisper import base_variables

_FOLDS = range(len(FOLDS))
TESTED = (WHOLE, SHORT, SHORTEST, NOISY, MICROPHONE, LIVE)
FITTED = (WHOLE, SHORT, SHORTEST, LIVE)
"""Views by which what ships is calibrated, of actors who were held out and of strangers."""

TEST_SET = "RAVDESS, five folds by actor, calibrated on the other folds"
TOLERANCE = 0.5
DATA = [
    {
        "name": "RAVDESS speech",
        "licence": "CC BY-NC-SA 4.0",
        "citation": "Livingstone & Russo 2018, doi 10.1371/journal.pone.0196391",
    },
    {
        "name": "TESS",
        "licence": "CC BY-NC 4.0 (the deposit is also quoted as CC BY-NC-ND 4.0)",
        "citation": "Pichora-Fuller & Dupuis 2020, doi 10.5683/SP2/E8H2MF",
    },
    {
        "name": "Whisper base encoder weights",
        "licence": "MIT",
        "citation": "Radford et al. 2022, arXiv:2212.04356",
    },
]


def main() -> None:
    """Train what is not yet trained, print the figures and write the folder."""
    torch.set_num_threads(1)
    corpora = Corpora()
    networks = {name: network(corpora, name) for name in NETWORKS}
    folder = run_folder("voice_expression")
    module = classifier(networks["everyone"])
    path = export(module, folder)
    sessions = [opened(path, without(fold), networks[without(fold)]) for fold in _FOLDS]
    held_out = {
        view.name: scored(corpora.ravdess, view, lambda clip: sessions[clip.fold])
        for view in TESTED
    }
    stranger = opened(path, "without_tess", networks["without_tess"])
    strange = {view.name: scored(corpora.tess, view, lambda _: stranger) for view in FITTED}
    certainties = [certainty_without(corpora, held_out, fold) for fold in _FOLDS]
    shipped = live_certainty(corpora, held_out, strange)
    figures: dict[str, Any] = {
        name: folds_figures(corpora, heard, certainties) for name, heard in held_out.items()
    }
    for name, corpus, heard in (
        ("tess_corpus_unseen", corpora.tess, strange[WHOLE.name]),
        ("whole", corpora.ravdess, held_out[WHOLE.name]),
    ):
        ready = scaled(heard.at(shipped.rate), shipped.calibration)
        figures[f"{name}_shipped_calibration"] = figures_of(ready, emotions(corpus))
    for name, row in figures.items():
        print(name, row)
    print("shipped", shipped, "folds", certainties)
    module.brevity.set(shipped.rate)
    graph.replace(path, path, module.brevity.constants())
    beside = fold_constants(networks, certainties, shipped.rate)
    write(module, path, shipped.calibration, figures, beside)


def emotions(corpus: Sequence[tuple[Clip, Samples]]) -> NDArray[np.int64]:
    """Return the label of every clip, ``[N]``."""
    return np.array([int(clip.emotion) for clip, _ in corpus])


def folds(corpus: Sequence[tuple[Clip, Samples]]) -> NDArray[np.int64]:
    """Return the fold of every clip, ``[N]``."""
    return np.array([clip.fold for clip, _ in corpus])


def classifier(constants: Constants) -> Classifier:
    """Return the network of ``constants``."""
    start = Head(constants["head.weight"], constants["head.bias"])
    return Classifier(base_variables(), start).with_constants(constants).eval()


def export(module: Classifier, folder: Path) -> Path:
    """Write the int8 graph of ``module``."""
    plain, path = folder / "float.onnx", folder / "model.onnx"
    windows = torch.from_numpy(reference.windows().reshape(2, -1, STRIDE))
    graph.export(module, windows, plain, output="logits", free=("batch", "pieces"))
    # What is trained stays float: it is small, and folds replace it by name.
    graph.quantise(plain, path, kept=module.trained().keys())
    return path


def certainty_without(corpora: Corpora, held_out: Mapping[str, Heard], fold: int) -> Certainty:
    """Return what fits the actors of the other folds, in every tested view."""
    others = folds(corpora.ravdess) != fold
    heard = together(each.where(others) for each in held_out.values())
    return Certainty.fitted(heard, np.tile(emotions(corpora.ravdess)[others], len(held_out)))


def live_certainty(
    corpora: Corpora, held_out: Mapping[str, Heard], strange: Mapping[str, Heard]
) -> Certainty:
    """Return what ships.

    People and microphones in use belong to no corpus. Half of the evidence is therefore a corpus
    that the network never heard; half is unseen actors of the one it knows.
    """
    known, other = emotions(corpora.ravdess), emotions(corpora.tess)
    # TESS has twice as many clips: every second one makes it half of the evidence.
    second = np.arange(len(other)) % 2 == 0
    acted = [held_out[view.name] for view in FITTED]
    strangers = [heard.where(second) for heard in strange.values()]
    labels = [known] * len(acted) + [other[second]] * len(strangers)
    return Certainty.fitted(together([*acted, *strangers]), np.concatenate(labels))


def folds_figures(
    corpora: Corpora, heard: Heard, certainties: Sequence[Certainty]
) -> dict[str, Any]:
    """Return the figures of one view over the five folds' held-out actors."""
    fold, emotion = folds(corpora.ravdess), emotions(corpora.ravdess)
    rates = np.array([each.rate for each in certainties], np.float32)
    calibrations = [each.calibration for each in certainties]
    ready = voice_expression.scaled_by_fold(heard.at(rates[fold]), fold, calibrations)
    by_fold = [mean_recall(ready[fold == each], emotion[fold == each]) for each in _FOLDS]
    return figures_of(ready, emotion) | {"uar_by_fold": [round(value, 3) for value in by_fold]}


def fold_constants(
    networks: Mapping[str, Constants], certainties: Sequence[Certainty], shipped_rate: float
) -> Path:
    """Write what evaluation puts in place of what ships; half precision is enough."""
    path = run_folder("voice_expression") / voice_expression.FOLD_CONSTANTS
    by_fold = [networks[without(fold)] for fold in _FOLDS]
    np.savez_compressed(
        path,
        allow_pickle=False,
        **{
            name: np.stack([constants[name] for constants in by_fold]).astype(np.float16)
            for name in by_fold[0]
        },
        temperature=np.array([each.calibration.temperature for each in certainties], np.float32),
        slope=np.array([each.calibration.slope for each in certainties], np.float32),
        rate=np.array([each.rate for each in certainties], np.float32),
        shipped_rate=np.array([shipped_rate], np.float32),
    )
    return path


def figures_of(logits: Logits, emotion: NDArray[np.int64]) -> dict[str, Any]:
    """Return the figures of logits that are already scaled."""
    return {
        "uar": round(mean_recall(logits, emotion), 4),
        "accuracy": round(accuracy(logits, emotion), 4),
        "macro_f1": round(macro_f1(logits, emotion), 4),
        "ece_15_bins": round(calibration_error(logits, emotion), 4),
        "recall": {label: round(value, 3) for label, value in recalls(logits, emotion).items()},
    }


def write(
    module: Classifier,
    path: Path,
    calibration: Calibration,
    figures: Mapping[str, Any],
    constants: Path,
) -> Path:
    """Compare the int8 graph with the float module and write the model folder."""
    windows = reference.windows().reshape(2, -1, STRIDE)
    session = graph.session(path)
    with torch.no_grad():
        expected = module(torch.from_numpy(windows)).numpy()
    difference = float(np.max(np.abs(session.run(None, {"samples": windows})[0] - expected)))
    costs = {
        "ms_per_window_by_batch": milliseconds(session, pieces=150),
        "ms_per_window_by_seconds": {
            str(seconds): milliseconds(session, pieces=50 * seconds)["1"] for seconds in (1, 2, 3)
        },
    }
    print(f"parity {difference:.1e}, ms {costs}")
    card = describe(difference, calibration, {**figures, **costs}, constants)
    return release.write(card, path, {"samples": windows}, {"logits": expected})


def describe(
    difference: float, calibration: Calibration, metrics: Mapping[str, Any], constants: Path
) -> release.Release:
    """Return the card."""
    return release.Release(
        name="voice_expression",
        version="3.1.0",
        task="voice-expression",
        description=(
            "Expression of up to three seconds of speech: first layers of Whisper base with "
            "adapters, attentive statistics pooling, a linear map, less sure of little speech"
        ),
        licence="CC-BY-NC-SA-4.0",
        commercial_use=False,
        normalisation=(
            "float32 mono samples in [-1, 1] at 16 kHz in pieces of 20 ms, speech first, exact "
            "zeros behind it; level and log-mel spectrogram are part of the graph"
        ),
        metrics={"test_set": TEST_SET, **metrics},
        data=DATA,
        buckets=BUCKETS,
        max_wait_ms=20,
        max_pending=64,
        use_by_ms=1500,
        cpu_rows=2,
        parity_reference="the same network in PyTorch, float32",
        parity_tolerance=TOLERANCE,
        parity_max_abs_difference=difference,
        labels=LABELS,
        extra_files=(constants,),
        calibration=calibration,
        calibrated_on=(
            "half RAVDESS, actors held out, half TESS, corpus held out; whole, 1.5 s, 1.0 s, live"
        ),
    )


if __name__ == "__main__":
    main()
