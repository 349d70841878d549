"""What a graph costs: milliseconds a picture on one CPU thread."""

import time
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime as ort
from numpy.typing import NDArray

BATCHES = (1, 4, 16)
ROUNDS = 40


def session(path: Path) -> Any:
    """Open a graph as the server's workers do: one thread, no spinning."""
    options = ort.SessionOptions()
    options.intra_op_num_threads = 1
    options.inter_op_num_threads = 1
    return ort.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])


def milliseconds(path: Path, images: NDArray[np.uint8]) -> dict[str, float]:
    """Return the CPU time a picture takes by batch size: the lower quartile of forty runs.

    Processor time of the calling thread, which does all the work, and the lower quartile, because
    other work on the machine only ever adds.
    """
    network = session(path)
    repeated = np.concatenate([images] * -(-max(BATCHES) // len(images)))
    result = {}
    for size in BATCHES:
        batch = {network.get_inputs()[0].name: repeated[:size]}
        network.run(None, batch)
        taken = []
        for _ in range(ROUNDS):
            started = time.thread_time()
            network.run(None, batch)
            taken.append(time.thread_time() - started)
        result[f"ms_a_picture_batch_{size}"] = round(
            float(np.quantile(taken, 0.25)) * 1e3 / size, 2
        )
    return result
