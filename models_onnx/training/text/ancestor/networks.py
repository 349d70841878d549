"""The ancestor's networks in Keras 3: 300 words of an essay to five probabilities."""

import time
from pathlib import Path
from typing import Any

import keras
import numpy as np
from numpy.typing import NDArray

from esapr.models_onnx.training.text.ancestor.rows import Labels, Texts, vectors

WORDS = 300
BATCH = 32
Indices = NDArray[np.int32]

layers = keras.layers


def lstm(embedding: NDArray[np.float32]) -> keras.Model:
    """Build the ancestor's first network: three LSTMs of 180, one wide layer."""
    words, x = _embedded(embedding)
    return _ended(words, x)


def conv_lstm(embedding: NDArray[np.float32]) -> keras.Model:
    """Build the ancestor's final one: three blocks of convolutions before the three LSTMs."""
    words, x = _embedded(embedding)
    for filters in (128, 256, 512):
        x = layers.Conv1D(filters, 8, padding="same", activation="relu")(x)
        x = layers.SpatialDropout1D(0.3)(layers.MaxPooling1D(2)(x))
        x = layers.BatchNormalization()(x)
    return _ended(words, x)


def _embedded(embedding: NDArray[np.float32]) -> tuple[Any, Any]:
    words = keras.Input((WORDS,), dtype="int32", name="words")
    start = keras.initializers.Constant(embedding)
    return words, layers.Embedding(*embedding.shape, embeddings_initializer=start)(words)


def _ended(words: Any, x: Any) -> keras.Model:
    for goes_on in (True, True, False):
        x = layers.LSTM(180, return_sequences=goes_on)(x)
    x = layers.Dense(128, activation="relu")(x)
    return keras.Model(words, layers.Dense(5, activation="sigmoid", name="traits")(x))


BODIES = {"lstm": lstm, "conv_lstm": conv_lstm}


class Network:
    """A network that is trained by the clock on the essays of one split."""

    def __init__(self, name: str, seen: Texts, others: Texts) -> None:
        """Build the network of a row on vectors of the words that may be seen."""
        keras.utils.set_random_seed(7)
        known = vectors(seen + others, "networks")
        # Zero is where there is no word, or one without a vector.
        self._index = {word: at for at, word in enumerate(known.index_to_key, 1)}
        empty = np.zeros((1, known.vector_size), np.float32)
        self.model = BODIES[name](np.concatenate([empty, known.vectors]))
        self.model.compile(optimizer="adam", loss="binary_crossentropy")

    def indices(self, texts: Texts) -> Indices:
        """Return the numbers of the last 300 words of every text, zeros before shorter ones."""
        rows = np.zeros((len(texts), WORDS), np.int32)
        for row, text in zip(rows, texts, strict=True):
            numbers = [self._index.get(word, 0) for word in text][-WORDS:]
            row[WORDS - len(numbers) :] = numbers
        return rows

    def train(self, seen: Texts, labels: Labels, seconds: float) -> int:
        """Train for so many seconds of processor time; return how many epochs fitted."""
        rows, target = self.indices(seen), labels.astype(np.float32)
        began, epochs = time.process_time(), 0
        while time.process_time() - began < seconds:
            self.model.fit(rows, target, batch_size=BATCH, epochs=1, verbose=0)
            epochs += 1
        return epochs

    def predict(self, texts: Texts) -> Labels:
        """Return which traits are said to be above the median, ``[N, 5]``."""
        return np.asarray(self.model.predict(self.indices(texts), verbose=0) > 0.5)

    def export(self, path: Path) -> float:
        """Write the network as ONNX; return how far its probabilities are from Keras's."""
        import onnxruntime as ort
        import tensorflow as tf
        import tf2onnx

        signature = [tf.TensorSpec((None, WORDS), tf.int32, name="words")]
        function = tf.function(lambda words: self.model(words, training=False))
        tf2onnx.convert.from_function(
            function, input_signature=signature, opset=17, output_path=str(path)
        )
        rows = np.random.default_rng(7).integers(0, len(self._index), (4, WORDS), np.int32)
        session = ort.InferenceSession(path)
        found = session.run(None, {session.get_inputs()[0].name: rows})[0]
        return float(np.abs(found - self.model(rows).numpy()).max())
