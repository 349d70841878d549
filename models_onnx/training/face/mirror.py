"""Each face is scored together with its mirror image, inside the graph.

A mirrored face shows the same expression; a network that is asked about both and averages cannot
say otherwise. It costs twice the multiplications.
"""

from pathlib import Path

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import helper, numpy_helper

from esapr.models_onnx.training.face.activation import ACTIVATION

BOTH = "_of_both"
COLUMNS = 2
"""Axis of a picture's columns: batch, rows, columns, channels."""
MAP_COLUMNS = 3
"""Axis of a map's columns: batch, classes, rows, columns."""


def fold_mirror(graph: Path) -> None:
    """Make the outputs in file ``graph`` the means over each picture and its mirror image.

    The graph takes ``image`` ``[batch, rows, columns, channels]`` and gives ``logits``
    ``[batch, classes]`` and ``activation`` ``[batch, classes, rows, columns]``, whose second half
    is mirrored back.
    """
    model = onnx.load(graph)
    network = model.graph
    _constants(network)
    for node in network.node:
        node.input[:] = [f"image{BOTH}" if name == "image" else name for name in node.input]
        node.output[:] = [
            name + BOTH if name in {"logits", ACTIVATION} else name for name in node.output
        ]
    nodes = [
        *_reversed("image", "mirrored", "columns"),
        helper.make_node("Concat", ["image", "mirrored"], [f"image{BOTH}"], axis=0),
        *network.node,
        *_mean("logits", None),
        *_mean(ACTIVATION, "map_columns"),
    ]
    del network.node[:]
    network.node.extend(nodes)
    del network.value_info[:]
    onnx.checker.check_model(model)
    onnx.save(model, graph)


def _constants(network: onnx.GraphProto) -> None:
    values: dict[str, list[int] | NDArray[np.float32]] = {
        "last": [-1],
        "before_first": [-(2**31)],
        "backwards": [-1],
        "columns": [COLUMNS],
        "map_columns": [MAP_COLUMNS],
        "half": np.array(0.5, np.float32),
    }
    network.initializer.extend(
        numpy_helper.from_array(np.asarray(value), name) for name, value in values.items()
    )


def _reversed(source: str, target: str, axis: str) -> list[onnx.NodeProto]:
    inputs = [source, "last", "before_first", axis, "backwards"]
    return [helper.make_node("Slice", inputs, [target])]


def _mean(output: str, mirrored_along: str | None) -> list[onnx.NodeProto]:
    """Average the halves of ``output``'s batch, the second one mirrored along that axis."""
    there, back = f"{output}_there", f"{output}_back"
    nodes = [helper.make_node("Split", [output + BOTH], [there, back], axis=0)]
    if mirrored_along:
        nodes += _reversed(back, f"{back}_again", mirrored_along)
        back = f"{back}_again"
    nodes.append(helper.make_node("Add", [there, back], [f"{output}_sum"]))
    nodes.append(helper.make_node("Mul", [f"{output}_sum", "half"], [output]))
    return nodes
