"""What the graph says of clips whose speakers it has not heard."""

from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import onnxruntime as ort

from esapr.models_onnx.evaluation.acted_speech import Clip
from esapr.models_onnx.evaluation.heard import Heard, seconds_of
from esapr.models_onnx.evaluation.spoken_views import Samples, View, render
from esapr.models_onnx.evaluation.voice_expression import in_pieces
from esapr.models_onnx.training.folders import run_folder
from esapr.models_onnx.training.voice import graph
from esapr.models_onnx.training.voice.adapters import Constants


def opened(path: Path, name: str, constants: Constants) -> ort.InferenceSession:
    """Return the graph of ``path`` with what the network ``name`` has learned in its place."""
    changed = run_folder("voice_expression") / f"model_{name}.onnx"
    graph.replace(path, changed, constants)
    return graph.session(changed)


def scored(
    chosen: Sequence[tuple[Clip, Samples]],
    view: View,
    session: Callable[[Clip], ort.InferenceSession],
) -> Heard:
    """Return what clips score as ``view`` has them, each by its own ``session``."""
    logits, seconds = [], []
    for clip, samples in chosen:
        pieces = in_pieces(render(view, samples, clip.file))
        logits.append(session(clip).run(None, {"samples": pieces})[0][0])
        seconds.append(seconds_of(pieces))
    return Heard(np.stack(logits), np.array(seconds))
