"""Train, evaluate and write ``voice_expression``: ``python -m …training.voice.train_expression``.

Features are computed once (minutes) and kept; run again, only the heads are trained.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits
from torch import Tensor, nn

from esapr.inference.emotions import LABELS
from esapr.models_onnx.evaluation import voice_expression
from esapr.models_onnx.evaluation.acted_speech import FOLDS
from esapr.models_onnx.evaluation.metrics import (
    accuracy,
    calibration_error,
    fit_temperature,
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
)
from esapr.models_onnx.training import release
from esapr.models_onnx.training.folders import run_folder
from esapr.models_onnx.training.voice import graph, reference
from esapr.models_onnx.training.voice.features import LAYERS, STRIDE, Features, load
from esapr.models_onnx.training.voice.folds import (
    Logits,
    Result,
    Speakers,
    nested,
    trained,
)
from esapr.models_onnx.training.voice.head import Choice, Head, flat
from esapr.models_onnx.training.voice.timing import BUCKETS, milliseconds
from esapr.models_onnx.training.voice.views import VIEWS
from esapr.models_onnx.training.voice.whisper import PooledEncoder, base_variables

TESTED = (WHOLE, SHORT, SHORTEST, NOISY, MICROPHONE, LIVE)
TEST_SET = "RAVDESS, five folds by actor, chosen and calibrated inside the training folds"
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


class Classifier(nn.Module):
    """Samples ``[N, T, 320]`` -> logits ``[N, 7]``."""

    def __init__(self, encoder: PooledEncoder, head: Head) -> None:
        super().__init__()
        self.encoder = encoder
        self.head = nn.Linear(head.weight.shape[1], head.weight.shape[0])
        weight, bias = torch.from_numpy(head.weight), torch.from_numpy(head.bias)
        self.head.load_state_dict({"weight": weight, "bias": bias})

    def forward(self, samples: Tensor) -> Tensor:
        """Return logits in the order of ``esapr.inference.emotions``."""
        return self.head(self.encoder(samples.flatten(1)))


def main() -> None:
    """Run the folds, print the figures, train on everyone and write the folder."""
    torch.set_num_threads(1)
    acted, tess = load("ravdess"), load("tess")
    # Small systems: several threads wait for each other longer than one computes.
    with threadpool_limits(1):
        speakers = Speakers(acted, tess)
        result = nested(acted, speakers)
        head = trained(speakers.without(), result.shipped)
        strange = unseen(speakers, tess, result.shipped)
    temperature = live_temperature(acted, tess, result.logits, strange["tess_corpus_unseen"])
    figures = test_figures(acted, result) | {
        f"{name}_shipped_temperature": figures_of(logits / temperature, emotion)
        for name, logits, emotion in (
            *((name, logits, tess.emotion[whole(tess)]) for name, logits in strange.items()),
            ("whole", result.logits[whole(acted)], acted.emotion[whole(acted)]),
        )
    }
    for name, row in figures.items():
        print(name, row)
    print("chosen a fold", result.choices, result.temperatures)
    print("shipped", result.shipped, temperature)
    write(head, temperature, figures, fold_heads(result))


def fold_heads(result: Result) -> Path:
    """Write what evaluation puts in place of the shipped head; half precision is enough."""
    path = run_folder("voice_expression") / voice_expression.HEADS
    np.savez_compressed(
        path,
        weight=np.stack([head.weight for head in result.heads]).astype(np.float16),
        bias=np.stack([head.bias for head in result.heads]),
        temperature=np.array(result.temperatures, np.float32),
    )
    return path


def whole(features: Features) -> NDArray[np.bool_]:
    """Return which rows are clips as they are: the first view of both corpora."""
    return features.view == 0


def unseen(speakers: Speakers, tess: Features, choice: Choice) -> dict[str, Logits]:
    """Return logits of TESS' clips from heads that heard no TESS, and only its other speaker."""
    rows = whole(tess)
    x = flat(tess)[rows].astype(np.float32)
    names = tuple(sorted(set(tess.speaker)))
    other = np.zeros((len(x), len(LABELS)), np.float32)
    for name in names:
        own = tess.speaker[rows] == name
        other[own] = trained(speakers.without(tess=(name,)), choice).logits(x[own])
    stranger = trained(speakers.without(tess=names), choice)
    return {"tess_corpus_unseen": stranger.logits(x), "tess_speaker_unseen": other}


def live_temperature(acted: Features, tess: Features, held_out: Logits, strange: Logits) -> float:
    """Return the temperature that ships.

    People and microphones in use belong to no corpus. Half of the evidence is therefore a corpus
    that the head never heard; half is unseen actors of the one it knows, whole and as heard live.
    """
    live = acted.view == [view.name for view in VIEWS["ravdess"]].index(LIVE.name)
    known = whole(acted) | live
    logits = np.concatenate([held_out[known], strange])
    return fit_temperature(
        logits, np.concatenate([acted.emotion[known], tess.emotion[whole(tess)]])
    )


def test_figures(features: Features, result: Result) -> dict[str, Any]:
    """Return the figures of each tested view over the five folds' held-out actors."""
    names = [view.name for view in VIEWS["ravdess"]]
    figures = {}
    for tested in TESTED:
        rows = features.view == names.index(tested.name)
        logits, emotion = result.calibrated[rows], features.emotion[rows]
        fold = features.fold[rows]
        by_fold = [accuracy(logits[fold == k], emotion[fold == k]) for k in range(len(FOLDS))]
        figures[tested.name] = figures_of(logits, emotion) | {
            "accuracy_by_fold": [round(value, 3) for value in by_fold]
        }
    return figures


def figures_of(logits: Logits, emotion: NDArray[np.int64]) -> dict[str, Any]:
    """Return the figures of logits that are already divided by their temperature."""
    return {
        "uar": round(mean_recall(logits, emotion), 4),
        "accuracy": round(accuracy(logits, emotion), 4),
        "macro_f1": round(macro_f1(logits, emotion), 4),
        "ece_15_bins": round(calibration_error(logits, emotion, 1.0), 4),
        "recall": {label: round(value, 3) for label, value in recalls(logits, emotion).items()},
    }


def write(head: Head, temperature: float, figures: Mapping[str, Any], heads: Path) -> Path:
    """Export, quantise, compare with the float module and write the model folder."""
    module = Classifier(PooledEncoder(base_variables(), LAYERS), head).eval()
    folder = run_folder("voice_expression")
    windows = reference.windows().reshape(2, -1, STRIDE)
    plain, free = folder / "float.onnx", ("batch", "pieces")
    graph.export(module, torch.from_numpy(windows), plain, output="logits", free=free)
    graph.quantise(plain, folder / "model.onnx")
    session = graph.session(folder / "model.onnx")
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
    card = describe(difference, temperature, {**figures, **costs}, heads)
    return release.write(card, folder / "model.onnx", {"samples": windows}, {"logits": expected})


def describe(
    difference: float, temperature: float, metrics: Mapping[str, Any], heads: Path
) -> release.Release:
    """Return the card."""
    return release.Release(
        name="voice_expression",
        version="2.1.0",
        task="voice-expression",
        description=(
            "Expression of up to three seconds of speech: first layers of Whisper base, "
            "statistics pooling, linear discriminant"
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
        extra_files=(heads,),
        temperature=temperature,
        temperature_chosen_on=(
            "half RAVDESS, actors held out, whole and live views; half TESS, corpus held out"
        ),
    )


if __name__ == "__main__":
    main()
