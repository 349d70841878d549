"""FaceMesh's ``PRelu`` and ``Pad`` in operators that ONNX Runtime's blocked layout has on a CPU.

ONNX Runtime has no blocked-layout kernel for either and would leave and enter the layout around
each one. ``PRelu(x)`` is ``s·x + (1 - s)·relu(x)``: two convolutions and a sum. One that may
multiply its channels by ``1 / (1 - s)`` needs only one, ``s / (1 - s)·x + relu(x)``. Channels carry
such factors through sums and poolings until the next convolution takes them out. The largest of
negated values is their smallest: before a pooling, one more convolution turns signs back.
"""

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import helper, numpy_helper

Floats = NDArray[np.float32]


class UnsupportedGraphError(Exception):
    """The graph holds what these rewrites do not cover."""


def rewrite(model: onnx.ModelProto) -> None:
    """Replace every ``PRelu`` and ``Pad`` of ``model``; its outputs stay what they were.

    Raises:
        UnsupportedGraphError: a node would have to carry factors and cannot.
    """
    rewriting = _Rewriting(model.graph)
    for node in list(model.graph.node):
        rewriting.add(node)
    del model.graph.node[:]
    model.graph.node.extend(rewriting.nodes)
    del model.graph.initializer[:]
    model.graph.initializer.extend(
        numpy_helper.from_array(value, name) for name, value in rewriting.constants.items()
    )
    del model.graph.value_info[:]


class _Rewriting:
    """The nodes written so far.

    ``factors`` is what each channel of a tensor is multiplied by, ``[C]``, where that is not one;
    ``padded`` names the source of a tensor that has further channels of zeros.
    """

    def __init__(self, graph: onnx.GraphProto) -> None:
        self.nodes: list[onnx.NodeProto] = []
        self.constants = {c.name: numpy_helper.to_array(c) for c in graph.initializer}
        self.factors: dict[str, NDArray[np.float64]] = {}
        self.padded: dict[str, str] = {}

    def add(self, node: onnx.NodeProto) -> None:
        rewrites = {
            "Conv": self._convolution,
            "Add": self._sum,
            "PRelu": self._prelu,
            "Pad": self._pad,
            "MaxPool": self._maximum,
        }
        if node.op_type in rewrites:
            rewrites[node.op_type](node)
        elif any(name in self.factors for name in node.input):
            raise UnsupportedGraphError(f"{node.op_type} cannot carry factors")
        else:
            self.nodes.append(node)

    def _convolution(self, node: onnx.NodeProto) -> None:
        """Take the factors of the input out: the output has none."""
        source, kernel = node.input[0], self.constants[node.input[1]]
        if source in self.factors:
            # A depthwise kernel has its channels first, any other second.
            shape = (-1, 1, 1, 1) if kernel.shape[1] == 1 else (1, -1, 1, 1)
            name = f"{node.output[0]}_kernel"
            node.input[1] = self._constant(name, kernel / self.factors[source].reshape(shape))
        self.nodes.append(node)

    def _sum(self, node: onnx.NodeProto) -> None:
        """Give the convolution on one side the factors of the other side."""
        carried = [name for name in node.input if name in self.factors or name in self.padded]
        if not carried:
            self.nodes.append(node)
            return
        (side,) = (name for name in node.input if name not in carried)
        convolution = next(n for n in reversed(self.nodes) if n.output[0] == side)
        self.nodes.remove(convolution)
        source, target = self.padded.get(carried[0], carried[0]), node.output[0]
        factors = self.factors[source]
        channels = len(self.constants[convolution.input[1]])
        self.factors[target] = np.concatenate([factors, np.ones(channels - len(factors))])
        if len(factors) == channels:
            self._part(convolution, slice(None), factors, side)
            self.nodes.append(helper.make_node("Add", [source, side], [target]))
            return
        old, new = f"{target}_old", f"{target}_new"
        self._part(convolution, slice(len(factors)), factors, side)
        self.nodes.append(helper.make_node("Add", [source, side], [old]))
        self._part(convolution, slice(len(factors), None), np.ones(1), new)
        self.nodes.append(helper.make_node("Concat", [old, new], [target], axis=1))

    def _part(
        self, convolution: onnx.NodeProto, channels: slice, factors: NDArray[np.float64], name: str
    ) -> None:
        """Write some output channels of a convolution, multiplied by ``factors``, as ``name``."""
        kernel, bias = (self.constants[constant][channels] for constant in convolution.input[1:])
        part = onnx.NodeProto()
        part.CopyFrom(convolution)
        part.name, part.output[0] = name, name
        part.input[1] = self._constant(f"{name}_kernel", kernel * factors.reshape(-1, 1, 1, 1))
        part.input[2] = self._constant(f"{name}_bias", bias * factors)
        self.nodes.append(part)

    def _prelu(self, node: onnx.NodeProto) -> None:
        source, target = node.input[0], node.output[0]
        slope = self.constants[node.input[1]].astype(np.float64).ravel()
        factors = self.factors.get(source, np.ones(len(slope)))
        # Of a channel that is carried negated, the relu keeps what was below zero.
        linear = np.where(factors > 0, slope, 1.0) / factors
        rectified = (1 - slope) / np.abs(factors)
        self.factors[target] = 1 / rectified
        kernel = self._constant(f"{target}_kernel", (linear / rectified).reshape(-1, 1, 1, 1))
        above, below = f"{target}_rectified", f"{target}_linear"
        self.nodes.append(helper.make_node("Relu", [source], [above]))
        self._by_channel(source, kernel, below)
        self.nodes.append(helper.make_node("Add", [below, above], [target]))

    def _pad(self, node: onnx.NodeProto) -> None:
        self.padded[node.output[0]] = node.input[0]

    def _maximum(self, node: onnx.NodeProto) -> None:
        """Pool channels none of which is carried negated."""
        source, target = node.input[0], node.output[0]
        factors = self.factors[source]
        if (factors < 0).any():
            node.input[0] = f"{target}_upright"
            signs = np.sign(factors).reshape(-1, 1, 1, 1)
            self._by_channel(source, self._constant(f"{target}_signs", signs), node.input[0])
        self.factors[target] = np.abs(factors)
        self.nodes.append(node)

    def _by_channel(self, source: str, kernel: str, target: str) -> None:
        """Multiply every channel by its number in ``kernel``, ``[C, 1, 1, 1]``."""
        one = {"group": len(self.constants[kernel]), "kernel_shape": [1, 1]}
        self.nodes.append(helper.make_node("Conv", [source, kernel], [target], **one))

    def _constant(self, name: str, value: NDArray[np.float64]) -> str:
        self.constants[name] = np.ascontiguousarray(value, np.float32)
        return name
