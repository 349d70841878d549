"""The ancestor's second pipeline in Keras 3: a small convolutional network a window, then an LSTM.

After Zhao et al. 2019, "Speech emotion recognition using deep 1D & 2D CNN LSTM networks" (doi
10.1016/j.bspc.2018.08.035). The parts are models of their own, so that a batch's windows go
through the first together; ``TimeDistributed`` joins them for the export.
"""

import keras

from esapr.inference.emotions import CLASSES
from esapr.models_onnx.training.voice.ancestor.spectrograms import MELS, WINDOW, WINDOWS

layers = keras.layers

WIDTHS = (64, 64, 128, 128)
POOLS = (2, 4, 4, 4)
MEMORY = 256
WEIGHTS = "weights.npz"
"""What training leaves: the weights of both parts, in order."""


def local() -> keras.Model:
    """Build the part that sees one window: ``[N, 128, 128, 1]`` to ``[N, 128]``."""
    window = keras.Input((WINDOW, MELS, 1))
    x = window
    for width, pool in zip(WIDTHS, POOLS, strict=True):
        x = layers.Conv2D(width, 3, padding="same")(x)
        x = layers.BatchNormalization(momentum=0.9)(x)
        # ELU only rises: the largest of what it gives is what it gives of the largest. Pooled
        # first, it has a quarter of the numbers and less.
        x = layers.Activation("elu")(layers.MaxPooling2D(pool)(x))
        x = layers.Dropout(0.2)(x)
    return keras.Model(window, layers.Flatten()(x))


def sequence() -> keras.Model:
    """Build the part that sees a clip: ``[N, 5, 128]`` to logits ``[N, 7]``."""
    steps = keras.Input((WINDOWS, WIDTHS[-1]))
    x = layers.Dropout(0.2)(layers.LSTM(MEMORY)(steps))
    return keras.Model(steps, layers.Dense(CLASSES, dtype="float32")(x))


def joined(first: keras.Model, second: keras.Model) -> keras.Model:
    """Return both parts as one network of ``windows`` ``[N, 5, 128, 128, 1]``."""
    windows = keras.Input((WINDOWS, WINDOW, MELS, 1), name="windows")
    return keras.Model(windows, second(layers.TimeDistributed(first)(windows)))
