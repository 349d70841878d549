"""The face-expression network: a narrow residual network on 48x48 grey faces, in Keras 3."""

from collections.abc import Callable
from typing import Any

import keras

from esapr.inference.emotions import CLASSES

SIDE = 48
# File of the kept weights: arrays in the order of ``get_weights()``, the same on every backend.
BEST = "best.npz"
STEM = 32
# Channels and residual blocks of the stages at 24, 12 and 6 pixels. The early stages hold most of
# the multiplications and few of the parameters, so width grows late: 1.2 M parameters.
STAGES = ((48, 1), (96, 2), (160, 2))

Normalisation = Callable[[], Any]


def standardise(image: Any) -> Any:
    """Give each float image ``[batch, height, width, 1]`` zero mean and unit variance.

    Done per image, so that exposure and contrast of a webcam do not reach the network.
    """
    centred = image - keras.ops.mean(image, axis=(1, 2, 3), keepdims=True)
    variance = keras.ops.mean(keras.ops.square(centred), axis=(1, 2, 3), keepdims=True)
    # One grey level of noise keeps a blank picture from being blown up.
    return centred * keras.ops.rsqrt(variance + 1.0)


def body(normalisation: Normalisation = keras.layers.BatchNormalization) -> keras.Model:
    """Build the trained part: standardised images ``[batch, height, width, 1]`` to ``logits``.

    Any input size works, because the last stage is averaged over space; training uses this to
    begin with smaller pictures. ``normalisation`` makes one batch-normalisation layer: every
    choice must have the four weights of Keras's own, in its order.
    """
    image = keras.Input((None, None, 1), name="standardised")
    x = _convolved(image, STEM, 1, normalisation)
    # Rectified after the pooling: ONNX Runtime would pull int8 through a pooling of rectified
    # values, into one that is thirty times as slow.
    x = keras.layers.ReLU()(keras.layers.MaxPooling2D(2)(x))
    for stage, (channels, blocks) in enumerate(STAGES):
        for block in range(blocks):
            stride = 2 if stage > 0 and block == 0 else 1
            x = _residual(x, channels, stride, normalisation)
    x = keras.layers.GlobalAveragePooling2D(dtype="float32")(x)
    x = keras.layers.Dropout(0.3, dtype="float32")(x)
    logits = keras.layers.Dense(CLASSES, dtype="float32", name="logits")(x)
    return keras.Model(image, logits, name="residual")


def _residual(x: Any, channels: int, stride: int, normalisation: Normalisation) -> Any:
    """Add a basic block (He et al. 2016, arXiv:1512.03385)."""
    shortcut = x
    if stride > 1:
        shortcut = keras.layers.AveragePooling2D(stride)(shortcut)
    if x.shape[-1] != channels:
        shortcut = _convolved(shortcut, channels, 1, normalisation, size=1)
    x = keras.layers.ReLU()(_convolved(x, channels, stride, normalisation))
    x = _convolved(x, channels, 1, normalisation)
    return keras.layers.ReLU()(keras.layers.Add()([x, shortcut]))


def _convolved(
    x: Any, channels: int, stride: int, normalisation: Normalisation, size: int = 3
) -> Any:
    convolution = keras.layers.Conv2D(
        channels,
        size,
        strides=stride,
        padding="same",
        use_bias=False,
        kernel_initializer="he_normal",
    )
    return normalisation()(convolution(x))
