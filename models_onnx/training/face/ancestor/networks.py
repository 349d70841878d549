"""The ancestor's networks in Keras 3: standardised images ``[batch, 48, 48, 1]`` to ``logits``.

``normalisation`` makes a batch-normalisation layer with the weights of Keras's own.
"""

from collections.abc import Callable
from typing import Any

import keras

from esapr.inference.emotions import CLASSES

SIDE = 48
layers = keras.layers
Normalisation = Callable[[], Any]


def simple(normalisation: Normalisation) -> keras.Model:
    """Build the ancestor's simple network: four convolutions, one wide dense layer."""
    del normalisation
    image = keras.Input((SIDE, SIDE, 1))
    x = layers.Conv2D(32, 3, padding="same", activation="relu")(image)
    x = layers.Conv2D(64, 3, padding="same", activation="relu")(x)
    x = layers.Dropout(0.25)(layers.MaxPooling2D(2)(x))
    x = layers.MaxPooling2D(2)(layers.Conv2D(128, 3, padding="same", activation="relu")(x))
    x = layers.MaxPooling2D(2)(layers.Conv2D(128, 3, padding="same", activation="relu")(x))
    x = layers.Flatten()(layers.Dropout(0.25)(x))
    x = layers.Dense(1024, activation="relu")(x)
    return _ended(image, layers.Dropout(0.5)(x))


def deeper(normalisation: Normalisation) -> keras.Model:
    """Build the deeper one: four pairs of normalised convolutions (VGG's, arXiv:1409.1556)."""
    image = keras.Input((SIDE, SIDE, 1))
    x: Any = image
    for channels in (64, 128, 256, 512):
        x = _convolved(x, channels, 3, normalisation)
        x = _convolved(x, channels, 3, normalisation)
        x = layers.Dropout(0.25)(layers.MaxPooling2D(2)(x))
    x = layers.Dense(512, activation="relu")(layers.GlobalAveragePooling2D()(x))
    return _ended(image, layers.Dropout(0.5)(x))


def inception(normalisation: Normalisation) -> keras.Model:
    """Build three blocks of GoogLeNet (Szegedy et al. 2015, arXiv:1409.4842) on a small stem."""
    image = keras.Input((SIDE, SIDE, 1))
    x = _convolved(image, 64, 3, normalisation)
    x = layers.MaxPooling2D(2)(_convolved(x, 96, 3, normalisation))
    for wide, reduced, middle, narrow in (
        (64, 96, 128, 32),
        (128, 128, 192, 64),
        (192, 96, 256, 64),
    ):
        branches = [
            _convolved(x, wide, 1, normalisation),
            _convolved(_convolved(x, reduced, 1, normalisation), middle, 3, normalisation),
            _convolved(_convolved(x, narrow // 2, 1, normalisation), narrow, 5, normalisation),
            _convolved(_pooled(x, 1), narrow, 1, normalisation),
        ]
        x = layers.MaxPooling2D(2)(layers.Concatenate()(branches))
    return _ended(image, layers.Dropout(0.4)(layers.GlobalAveragePooling2D()(x)))


def xception(normalisation: Normalisation) -> keras.Model:
    """Build Xception (Chollet 2017, arXiv:1610.02357) up to its 1,536 channels."""
    image = keras.Input((SIDE, SIDE, 1))
    x = _convolved(_convolved(image, 32, 3, normalisation, stride=2), 64, 3, normalisation)
    for channels in (128, 256, 728):
        x = _separable_stage(x, (channels, channels), normalisation)
    for _ in range(8):
        block = x
        for _ in range(3):
            block = _separable(layers.ReLU()(block), 728, normalisation)
        x = layers.Add()([x, block])
    x = _separable_stage(x, (728, 1024), normalisation)
    x = layers.ReLU()(_separable(x, 1536, normalisation))
    return _ended(image, layers.Dropout(0.5)(layers.GlobalAveragePooling2D()(x)))


def dexpression(normalisation: Normalisation) -> keras.Model:
    """Build DeXpression (Burkert et al. 2015, arXiv:1509.05371): two parallel blocks.

    Its first convolution keeps the side, because it was made for pictures of 224 pixels.
    """
    image = keras.Input((SIDE, SIDE, 1))
    x = _pooled(_convolved(image, 64, 7, normalisation), 2)
    for _ in range(2):
        left = _convolved(_convolved(x, 96, 1, normalisation), 208, 3, normalisation)
        right = _convolved(_pooled(x, 1), 64, 1, normalisation)
        x = _pooled(layers.Concatenate()([left, right]), 2)
    return _ended(image, layers.Dropout(0.4)(layers.GlobalAveragePooling2D()(x)))


def _ended(image: Any, x: Any) -> keras.Model:
    logits = layers.Dense(CLASSES, dtype="float32", name="logits")(x)
    return keras.Model(image, logits)


def _convolved(
    x: Any, channels: int, size: int, normalisation: Normalisation, stride: int = 1
) -> Any:
    convolution = layers.Conv2D(channels, size, strides=stride, padding="same", use_bias=False)
    return layers.ReLU()(normalisation()(convolution(x)))


def _pooled(x: Any, stride: int) -> Any:
    return layers.MaxPooling2D(3, strides=stride, padding="same")(x)


def _separable(x: Any, channels: int, normalisation: Normalisation) -> Any:
    return normalisation()(layers.SeparableConv2D(channels, 3, padding="same", use_bias=False)(x))


def _separable_stage(x: Any, widths: tuple[int, int], normalisation: Normalisation) -> Any:
    """Halve the side through two separable convolutions, beside a strided shortcut."""
    first, last = widths
    shortcut = layers.Conv2D(last, 1, strides=2, padding="same", use_bias=False)(x)
    x = layers.ReLU()(_separable(x, first, normalisation))
    x = _pooled(_separable(x, last, normalisation), 2)
    return layers.ReLU()(layers.Add()([x, normalisation()(shortcut)]))
