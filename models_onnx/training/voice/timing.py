"""What a window costs."""

import time

import numpy as np
import onnxruntime as ort

from esapr.models_onnx.training.voice.reference import SAMPLES

PIECE = 320
BUCKETS = (1, 2, 4, 8)


def milliseconds(session: ort.InferenceSession, pieces: int = 0) -> dict[str, float]:
    """Return the least processor time a window by batch size, of ten runs on one thread.

    A window has three seconds, or ``pieces`` rows of 20 ms.
    """
    shape = (pieces, PIECE) if pieces else (SAMPLES,)
    costs = {}
    for size in BUCKETS:
        random = np.random.default_rng(size)
        samples = random.normal(0, 0.05, (size, *shape)).astype(np.float32)
        times = []
        for _ in range(10):
            started = time.thread_time()
            session.run(None, {"samples": samples})
            times.append(time.thread_time() - started)
        costs[str(size)] = round(min(times) / size * 1000, 2)
    return costs
