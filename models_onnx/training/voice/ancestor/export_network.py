"""Export the ancestor's network: ``python -m …training.voice.ancestor.export_network FOLDER``.

Runs on Keras's TensorFlow backend, in a process of its own, on the weights that training kept.
"""

import argparse
import os
from pathlib import Path
from typing import Any

os.environ["KERAS_BACKEND"] = "tensorflow"

import keras
import numpy as np
import tensorflow as tf
import tf2onnx

from esapr.models_onnx.training.voice import graph
from esapr.models_onnx.training.voice.ancestor import networks
from esapr.models_onnx.training.voice.ancestor.spectrograms import MELS, WINDOW, WINDOWS

TOLERANCE = 1e-3


class ParityError(Exception):
    """The exported graph does not give what Keras gives."""


def network(weights: Path) -> keras.Model:
    """Return the network with the weights that training kept."""
    local, sequence = networks.local(), networks.sequence()
    with np.load(weights) as stored:
        values = [stored[name] for name in stored.files]
    local.set_weights(values[: len(local.weights)])
    sequence.set_weights(values[len(local.weights) :])
    return networks.joined(local, sequence)


def export(model: keras.Model, path: Path) -> None:
    """Write the graph: ``windows`` ``[batch, 5, 128, 128, 1]`` to ``logits`` ``[batch, 7]``."""

    def function(windows: Any) -> dict[str, Any]:
        return {"logits": model(windows, training=False)}

    shape = (None, WINDOWS, WINDOW, MELS, 1)
    signature = [tf.TensorSpec(shape, tf.float32, name="windows")]
    converted, _ = tf2onnx.convert.from_function(
        tf.function(function, input_signature=signature),
        input_signature=signature,
        opset=graph.OPSET,
    )
    path.write_bytes(converted.SerializeToString())


def main() -> None:
    """Export the network in a folder and compare the graph with Keras.

    Raises:
        ParityError: their logits differ.
    """
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    folder = parser.parse_args().folder
    model, path = network(folder / networks.WEIGHTS), folder / "model.onnx"
    export(model, path)
    case = np.random.default_rng(7).uniform(-1, 1, (2, WINDOWS, WINDOW, MELS, 1))
    case = case.astype(np.float32)
    found = graph.session(path).run(["logits"], {"windows": case})[0]
    difference = float(np.abs(found - np.asarray(model(case, training=False))).max())
    print(f"{path.name}: differs from Keras by {difference:.1e}")
    if not difference <= TOLERANCE:
        raise ParityError(f"{path} differs from Keras by {difference:.1e}")


if __name__ == "__main__":
    main()
