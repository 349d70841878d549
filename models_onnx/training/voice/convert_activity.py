"""Write the ``voice_activity`` model folder: ``python -m …training.voice.convert_activity``."""

from collections.abc import Mapping

import numpy as np
import onnxruntime as ort
import torch
from numpy.typing import NDArray

from esapr.inference.signals import SAMPLE_RATE
from esapr.models_onnx.training import release
from esapr.models_onnx.training.folders import run_folder
from esapr.models_onnx.training.voice import graph, reference
from esapr.models_onnx.training.voice.corpora import clips, sounds
from esapr.models_onnx.training.voice.silero import (
    CHUNK,
    CHUNKS,
    CONTEXT,
    published_graph,
    window_activity,
)
from esapr.models_onnx.training.voice.timing import BUCKETS, milliseconds

REAL_CLIPS = 24


def main() -> None:
    """Export, compare with the published graph, measure and write."""
    torch.set_num_threads(1)
    path = run_folder("voice_activity") / "model.onnx"
    example = torch.randn(2, reference.SAMPLES)
    graph.export(window_activity(), example, path, output="speech")
    session = graph.session(path)
    made_up = reference.windows()
    windows = np.concatenate([made_up, real_windows()])
    expected = step_by_step(windows)
    actual = session.run(None, {"samples": windows})[0]
    alone = np.concatenate([session.run(None, {"samples": row[None]})[0] for row in windows])
    difference = float(np.max(np.abs(actual - expected)))
    batch_difference = float(np.max(np.abs(actual - alone)))
    costs = milliseconds(session)
    print(f"parity {difference:.1e}, batch against single {batch_difference:.1e}, ms {costs}")
    card = describe(difference, batch_difference, costs)
    release.write(card, path, {"samples": made_up}, {"speech": expected[: len(made_up)]})


def real_windows() -> NDArray[np.float32]:
    """Return ``[24, 48000]``: a clip of each RAVDESS actor at the window's end, behind zeros."""
    rows = []
    for samples in sounds(clips("ravdess")[:: 1440 // REAL_CLIPS]):
        row = np.zeros(reference.SAMPLES, np.float32)
        speech = samples[: 2 * SAMPLE_RATE]
        row[-len(speech) :] = speech
        rows.append(row)
    return np.stack(rows)


def step_by_step(windows: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return ``[N, 93]`` from the published graph, 32 ms at a time, its state handed on."""
    session = ort.InferenceSession(published_graph(), providers=["CPUExecutionProvider"])
    used = windows[:, -(CHUNKS * CHUNK + CONTEXT) :]
    state = np.zeros((2, len(windows), 128), np.float32)
    rate = np.array(SAMPLE_RATE, np.int64)
    chunks = []
    for start in range(0, CHUNKS * CHUNK, CHUNK):
        inputs = {"input": used[:, start : start + CONTEXT + CHUNK], "state": state, "sr": rate}
        probability, state = session.run(None, inputs)
        chunks.append(probability)
    return np.concatenate(chunks, axis=1)


def describe(
    difference: float, batch_difference: float, costs: Mapping[str, float]
) -> release.Release:
    """Return the card."""
    return release.Release(
        name="voice_activity",
        version="6.2.3",
        task="voice-activity",
        description=(
            "Silero VAD over a three-second window: the probability of speech in each of its "
            "last 93 chunks of 32 ms, oldest first"
        ),
        licence="MIT",
        commercial_use=True,
        normalisation="float32 mono samples in [-1, 1] at 16 kHz; none",
        metrics={"ms_per_window_by_batch": costs, "batch_max_abs_difference": batch_difference},
        data=[
            {
                "name": "Silero's own, unpublished",
                "licence": "weights under MIT",
                "citation": "Silero Team 2024, Silero VAD, https://github.com/snakers4/silero-vad",
            }
        ],
        buckets=BUCKETS,
        max_wait_ms=20,
        max_pending=64,
        use_by_ms=1500,
        parity_reference="silero_vad_16k_op15.onnx of silero-vad 6.2.3, chunk by chunk",
        parity_tolerance=1e-4,
        parity_max_abs_difference=difference,
    )


if __name__ == "__main__":
    main()
