"""Pooled encoder features of every view of every clip, computed once and kept in the run folder."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import onnxruntime as ort
import torch
from numpy.typing import NDArray
from tqdm import tqdm

from esapr.inference.signals import SAMPLE_RATE
from esapr.models_onnx.evaluation.acted_speech import Clip
from esapr.models_onnx.evaluation.spoken_views import View, render
from esapr.models_onnx.training.folders import run_folder
from esapr.models_onnx.training.voice import graph
from esapr.models_onnx.training.voice.corpora import clips, sounds
from esapr.models_onnx.training.voice.views import VIEWS
from esapr.models_onnx.training.voice.whisper import WIDTH, PooledEncoder, base_variables

LAYERS = (1, 2, 3)
STRIDE = 320
"""Samples a token of the encoder covers."""


@dataclass(frozen=True)
class Features:
    """Every view of every clip of a corpus: ``pooled`` float16 ``[N, 3, 1024]`` (layers 1-3).

    ``view`` is its place among the corpus' views, ``fold`` is -1 outside RAVDESS.
    """

    pooled: NDArray[np.float16]
    emotion: NDArray[np.int64]
    fold: NDArray[np.int64]
    view: NDArray[np.int64]
    speaker: NDArray[np.str_]


def encoder_graph() -> Path:
    """Return the int8 encoder for windows of any length, written on first use.

    Features come from the quantised graph, so that the head learns on what it will be given.
    """
    folder = run_folder("voice_expression")
    path = folder / "encoder.onnx"
    if not path.exists():
        module = PooledEncoder(base_variables(), LAYERS)
        example = torch.randn(2, SAMPLE_RATE)
        plain = folder / "encoder_float.onnx"
        graph.export(module, example, plain, output="pooled", free=("batch", "samples"))
        graph.quantise(plain, path)
    return path


def load(corpus: str, views: Sequence[View] | None = None) -> Features:
    """Return the features of ``views`` of ``corpus``, by default of those that the head learns on.

    A view that is missing is computed.
    """
    encoder, views = encoder_graph(), views or VIEWS[corpus]
    all_clips, count = clips(corpus), len(views)
    pooled = [extracted(corpus, view, encoder) for view in views]
    return Features(
        pooled=np.stack(pooled, axis=1).reshape(-1, len(LAYERS), 2 * WIDTH),
        emotion=np.repeat([int(clip.emotion) for clip in all_clips], count),
        fold=np.repeat([clip.fold for clip in all_clips], count),
        view=np.tile(np.arange(count), len(all_clips)),
        speaker=np.repeat([clip.speaker for clip in all_clips], count),
    )


def extracted(corpus: str, view: View, encoder: Path) -> NDArray[np.float16]:
    """Return what the graph ``encoder`` makes of every clip, ``[clips, D]``; it is kept."""
    key = hashlib.sha256(encoder.read_bytes() + repr(view).encode()).hexdigest()[:12]
    path = run_folder("voice_expression") / f"{corpus}_{view.name}_{key}.npy"
    if not path.exists():
        # Renamed when complete: half a view would be taken for a whole one.
        partial = path.with_name(f"partial_{path.name}")
        np.save(partial, _extract(clips(corpus), view, graph.session(encoder)))
        partial.rename(path)
    return np.asarray(np.load(path))


def _extract(chosen: list[Clip], view: View, session: ort.InferenceSession) -> NDArray[np.float16]:
    """Return ``[clips, D]``."""
    rows = []
    pairs = zip(chosen, sounds(chosen), strict=True)
    for clip, samples in tqdm(pairs, desc=view.name, total=len(chosen), mininterval=10):
        window = whole_tokens(render(view, samples, clip.file))
        rows.append(session.run(None, {"samples": window[None]})[0][0])
    return np.stack(rows).astype(np.float16)


def whole_tokens(samples: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return ``samples`` without the last piece that fills no token of the encoder."""
    return samples[: len(samples) // STRIDE * STRIDE]
