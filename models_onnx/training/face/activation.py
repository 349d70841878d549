"""Class-activation maps (Zhou et al. 2016, arXiv:1512.04150) as a second output of the graph.

The pooled features are multiplied by one matrix to give the logits, so multiplying the features
of each place by it, before they are pooled, says what that place gave.
"""

from pathlib import Path

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import helper, numpy_helper

ACTIVATION = "activation"


def add_activation(graph: Path) -> None:
    """Give the network in file ``graph`` the output ``activation``.

    It is float32 ``[batch, classes, rows, columns]``. Over its rows and columns it sums to the
    logits without their bias; the logits stay as they are.

    Raises:
        ValueError: the graph does not end in a pooling over space and one product.
    """
    model = onnx.load(graph)
    product, pooling = _ending(model.graph)
    shapes = onnx.shape_inference.infer_shapes(model).graph.value_info
    features = next(value for value in shapes if value.name == pooling.input[0])
    _, _, rows, columns = (each.dim_value for each in features.type.tensor_type.shape.dim)
    weights = next(c for c in model.graph.initializer if c.name == product.input[1])
    # Channels x classes in the product, classes x channels in a convolution of one pixel.
    kernel = numpy_helper.to_array(weights).T[..., None, None] / np.float32(rows * columns)
    model.graph.initializer.append(numpy_helper.from_array(np.ascontiguousarray(kernel), "places"))
    inputs = [pooling.input[0], "places"]
    model.graph.node.append(helper.make_node("Conv", inputs, [ACTIVATION], name=ACTIVATION))
    shape = ["batch", len(kernel), rows, columns]
    kind = onnx.TensorProto.FLOAT
    model.graph.output.append(helper.make_tensor_value_info(ACTIVATION, kind, shape))
    onnx.checker.check_model(model)
    onnx.save(model, graph)


def _ending(graph: onnx.GraphProto) -> tuple[onnx.NodeProto, onnx.NodeProto]:
    """Return the product that gives the logits, and the pooling of what goes into it."""
    producers = {name: node for node in graph.node for name in node.output}
    product = producers[graph.output[0].name]
    node: onnx.NodeProto | None = product
    while node is not None and node.op_type != "GlobalAveragePool":
        node = producers.get(node.input[0])
    if product.op_type != "Gemm" or node is None:
        raise ValueError("the graph does not end in a pooling over space and one product")
    return product, node


def activation(features: NDArray[np.float32], weights: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return the same of ``features`` ``[batch, rows, columns, channels]``, by hand.

    Args:
        features: what the network pools.
        weights: ``[channels, classes]`` of the product behind the pooling.
    """
    places = features.shape[1] * features.shape[2]
    return np.asarray(np.moveaxis(features @ weights, -1, 1) / places, np.float32)
