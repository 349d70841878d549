"""The ancestor's two networks in Keras 3, on 300 words of Word2Vec, and their export.

Layers and sizes are those of its README; zeros stand before the words of a short text.
"""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import keras
import tensorflow as tf
import tf2onnx

from esapr.inference.text.traits import TRAITS
from esapr.models_onnx.training.voice import graph

WORDS = 300
WIDTH = 300
FILTERS = (128, 256, 512)
MEMORY = 180

layers = keras.layers
Build = Callable[[], keras.Model]


def lstm() -> keras.Model:
    """Build three LSTMs: ``words`` ``[N, 300, 300]`` to logits ``[N, 5]``."""
    words = keras.Input((WORDS, WIDTH), name="words")
    return keras.Model(words, _remembered(words))


def conv_lstm() -> keras.Model:
    """Build three blocks of convolutions that halve the words, then the same."""
    x = words = keras.Input((WORDS, WIDTH), name="words")
    for filters in FILTERS:
        x = layers.Conv1D(filters, 8, padding="same", activation="relu")(x)
        x = layers.SpatialDropout1D(0.3)(layers.MaxPooling1D(2)(x))
        x = layers.BatchNormalization()(x)
    return keras.Model(words, _remembered(x))


def _remembered(x: Any) -> Any:
    for sequences in (True, True, False):
        x = layers.LSTM(MEMORY, return_sequences=sequences)(x)
    return layers.Dense(len(TRAITS))(layers.Dense(128, activation="relu")(x))


NETWORKS: dict[str, Build] = {"lstm": lstm, "conv_lstm": conv_lstm}
"""The rows with a network by their names on the command line."""


def export(model: keras.Model, path: Path) -> None:
    """Write the graph: ``words`` ``[batch, 300, 300]`` to ``logits`` ``[batch, 5]``."""

    def function(words: Any) -> dict[str, Any]:
        return {"logits": model(words, training=False)}

    signature = [tf.TensorSpec((None, WORDS, WIDTH), tf.float32, name="words")]
    converted, _ = tf2onnx.convert.from_function(
        tf.function(function, input_signature=signature),
        input_signature=signature,
        opset=graph.OPSET,
    )
    path.write_bytes(converted.SerializeToString())
