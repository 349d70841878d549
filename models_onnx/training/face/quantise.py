"""Int8 for convolutional networks: fixed ranges, learned from training pictures.

The ranges are part of the graph, so that a picture's outputs do not depend on its batch. The graph
keeps float operators between ``QuantizeLinear`` and ``DequantizeLinear``, which each execution
provider fuses as it can.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import helper, numpy_helper
from onnxruntime.quantization import CalibrationDataReader, QuantType, quantize_static
from onnxruntime.quantization.shape_inference import quant_pre_process

BATCH = 64


class Pictures(CalibrationDataReader):
    """Hands pictures to the quantiser in batches."""

    def __init__(self, images: NDArray[np.uint8]) -> None:
        """Take ``images`` uint8 ``[N, height, width, channels]``."""
        self._batches: Iterator[dict[str, Any]] = iter(
            [{"image": images[i : i + BATCH]} for i in range(0, len(images), BATCH)]
        )

    def get_next(self) -> dict[str, Any] | None:
        """Return the next batch, or None behind the last."""
        return next(self._batches, None)


def quantise(source: Path, target: Path, images: NDArray[np.uint8]) -> None:
    """Write ``source``, optimised for every machine alike, with int8 convolutions to ``target``.

    Ranges of activations are the extremes over ``images``; each output channel has its own scale.
    Weights use seven of their eight bits: processors without VNNI sum pairs of products in 16 bits,
    which eight would overflow. The first convolutions, of nine inputs a channel, stay in
    float, where they are faster, and so does the last product.
    """
    prepared = target.with_suffix(".prepared.onnx")
    quant_pre_process(str(source), str(prepared), skip_symbolic_shape=True)
    model = onnx.load(prepared)
    fold_pooling(model)
    onnx.save(onnx.shape_inference.infer_shapes(model), prepared)
    quantize_static(
        str(prepared),
        str(target),
        Pictures(images),
        per_channel=True,
        reduce_range=True,
        activation_type=QuantType.QUInt8,
        weight_type=QuantType.QInt8,
        nodes_to_quantize=_quantised(model),
    )


def _quantised(model: onnx.ModelProto) -> list[str]:
    """Name the convolutions of several channels and what follows each, up to the pooling.

    A network's first convolutions have one input channel a kernel: the stem, the depthwise one
    behind it.
    """
    kernels = {constant.name: constant.dims for constant in model.graph.initializer}
    behind: set[str] = set()
    found = []
    for node in model.graph.node:
        inner = node.op_type == "Conv" and kernels[node.input[1]][1] > 1
        if not inner and behind.isdisjoint(node.input):
            continue
        if node.op_type in {"Conv", "Relu", "Clip", "Add", "GlobalAveragePool"}:
            found.append(node.name)
        if node.op_type != "GlobalAveragePool":
            behind.update(node.output)
    return found


def fold_pooling(model: onnx.ModelProto) -> None:
    """Make each average pooling and the 1x1 convolution behind it one convolution.

    The quantised pooling of ONNX Runtime takes four times as long as the multiplications saved.
    """
    graph = model.graph
    constants = {c.name: c for c in graph.initializer}
    producers = {node.output[0]: node for node in graph.node}
    for node in list(graph.node):
        pool = producers.get(node.input[0]) if node.op_type == "Conv" else None
        if pool is None or pool.op_type != "AveragePool":
            continue
        size = next(list(a.ints) for a in pool.attribute if a.name == "kernel_shape")
        kernel = numpy_helper.to_array(constants[node.input[1]]) / np.float32(np.prod(size))
        tiled = np.tile(kernel, (1, 1, *size)).astype(np.float32)
        constants[node.input[1]].CopyFrom(numpy_helper.from_array(tiled, node.input[1]))
        node.input[0] = pool.input[0]
        del node.attribute[:]
        node.attribute.extend(
            [helper.make_attribute("kernel_shape", size), helper.make_attribute("strides", size)]
        )
        graph.node.remove(pool)
    del graph.value_info[:]
