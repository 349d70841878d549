"""The face-expression network: a MobileNet on 48x48 grey faces, in Keras 3.

MobileNet (Howard et al. 2017, arXiv:1704.04861) as :mod:`recogniser` has it, but its first
convolution has stride 1: the recogniser's 96-pixel network on a picture of half the side.
"""

from collections.abc import Callable, Sequence
from typing import Any

import keras
import numpy as np

from esapr.inference.emotions import CLASSES
from esapr.models_onnx.training.face.recogniser import Convolution

STEM = 32
# Channels and stride of the blocks.
BLOCKS = (
    (64, 1),
    (128, 2),
    (128, 1),
    (256, 2),
    (256, 1),
    (512, 2),
    *((512, 1),) * 5,
    (1024, 2),
    (1024, 1),
)

# Blocks that keep the recogniser's weights, with the normalisation folded: edges and parts of faces
# are the same, and without their gradients a picture costs less than half.
FROZEN = 5

Normalisation = Callable[[], Any]


def body(normalisation: Normalisation = keras.layers.BatchNormalization) -> keras.Model:
    """Build the network: standardised images ``[batch, height, width, 1]`` to ``logits``.

    Any input size works, because the last stage is averaged over space. ``normalisation`` makes
    one batch-normalisation layer: every choice must have the four weights of Keras's own, in its
    order.
    """
    image = keras.Input((None, None, 1), name="standardised")
    x = _rectified(keras.layers.Conv2D(STEM, 3, padding="same", trainable=False)(image))
    for block, (channels, stride) in enumerate(BLOCKS):
        fixed = block < FROZEN
        depthwise = keras.layers.DepthwiseConv2D(
            3, strides=stride, padding="same", use_bias=fixed, trainable=not fixed
        )
        pointwise = keras.layers.Conv2D(channels, 1, use_bias=fixed, trainable=not fixed)
        for convolution in (depthwise, pointwise):
            x = convolution(x)
            x = _rectified(x if fixed else normalisation()(x))
    x = keras.layers.GlobalAveragePooling2D(dtype="float32")(x)
    x = keras.layers.Dropout(0.3, dtype="float32")(x)
    dense = keras.layers.Dense(CLASSES, kernel_initializer="zeros", dtype="float32", name="logits")
    return keras.Model(image, dense(x), name="mobile")


def start_from(network: keras.Model, convolutions: Sequence[Convolution], images: Any) -> None:
    """Give ``network`` the recogniser's weights.

    Each normalisation gets the statistics of standardised ``images`` and undoes them, so that the
    network computes what the folded convolutions did, and trains as a normalised one.
    """
    remaining = iter(convolutions)
    bias = convolutions[0].bias
    x = images
    for layer in network.layers[1:]:
        if isinstance(layer, keras.layers.BatchNormalization):
            values = keras.ops.cast(x, "float32")
            mean, variance = (
                keras.ops.convert_to_numpy(part)
                for part in keras.ops.moments(values, axes=(0, 1, 2))
            )
            spread = np.sqrt(variance + layer.epsilon)
            layer.set_weights([spread, mean + bias, mean, variance])
        elif isinstance(layer, keras.layers.Conv2D | keras.layers.DepthwiseConv2D):
            convolution = next(remaining)
            bias = convolution.bias
            layer.set_weights([convolution.kernel, bias][: len(layer.weights)])
        x = layer(x)


def _rectified(x: Any) -> Any:
    return keras.layers.ReLU(6)(x)
