"""ONNX export of a torch module with a free batch dimension, and int8 quantisation."""

import warnings
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import onnxruntime as ort
import torch
from numpy.typing import NDArray
from onnx import helper, numpy_helper
from torch import Tensor, nn

OPSET = 17
ROW_TOP = 127
WEIGHT_TOP = 63
"""Seven bits: processors without VNNI sum pairs of products in 16 bits, which eight overflow."""


def export(
    module: nn.Module,
    example: Tensor,
    path: Path,
    *,
    output: str,
    free: Sequence[str] = ("batch",),
) -> None:
    """Write ``module`` as a graph of one input, ``samples``; its first dimensions are ``free``."""
    module.eval()
    axes = dict(enumerate(free))
    with warnings.catch_warnings():
        # The TorchScript exporter needs no further package and is frozen, not gone, in this torch.
        warnings.simplefilter("ignore")
        torch.onnx.export(
            module,
            (example,),
            str(path),
            input_names=["samples"],
            output_names=[output],
            dynamic_axes={"samples": axes, output: {0: "batch"}},
            opset_version=OPSET,
            dynamo=False,
        )


def quantise(source: Path, target: Path, kept: Collection[str] = ()) -> None:
    """Give every product with constant weights int8 operands, but for weights named in ``kept``.

    Weights have one scale an output, activations one a row (a moment of a window), from its largest
    value: nothing depends on the rest of the batch. ONNX Runtime's own dynamic quantisation takes
    one range for the whole batch; with that a window's logits change by up to one with its
    neighbours. Its ``MatMulNBits``, with a scale for 128 values of a row, takes 1.6 times as long.
    """
    model = onnx.load(source)
    graph = model.graph
    weights = {
        c.name: numpy_helper.to_array(c)
        for c in graph.initializer
        if len(c.dims) == 2 and c.name not in kept
    }
    nodes: list[onnx.NodeProto] = []
    constants: dict[str, NDArray[Any]] = {
        "row_step": np.array(1 / ROW_TOP, np.float32),
        "row_middle": np.array(128, np.uint8),
        "row_floor": np.array(1e-6, np.float32),
    }
    replaced = set()
    for node in graph.node:
        if node.op_type == "MatMul" and node.input[1] in weights:
            replaced.add(node.input[1])
            nodes += _product(node, weights[node.input[1]], constants)
        else:
            nodes.append(node)
    kept = [c for c in graph.initializer if c.name not in replaced]
    kept += [numpy_helper.from_array(value, name) for name, value in constants.items()]
    del graph.node[:], graph.initializer[:]
    graph.node.extend(nodes)
    graph.initializer.extend(kept)
    onnx.save(model, target)


def _product(
    node: onnx.NodeProto, weights: NDArray[np.float32], constants: dict[str, NDArray[Any]]
) -> list[onnx.NodeProto]:
    """Return the nodes of one product; add what they need to ``constants``.

    A row is divided by its largest value, so that one scale fits all of them, and the product is
    multiplied by it.
    """
    source, target = node.input[0], node.output[0]
    scale = (np.abs(weights).max(axis=0) / WEIGHT_TOP).astype(np.float32)
    stored, scales, zeros = (f"{target}_{name}" for name in ("weights", "scales", "zeros"))
    constants[stored] = np.round(weights / scale).astype(np.int8)
    constants[scales], constants[zeros] = scale, np.zeros(len(scale), np.int8)
    size, top, row, quantised, activations, dequantised, product = (
        f"{target}_{name}"
        for name in ("size", "top", "row", "quantised", "activations", "dequantised", "product")
    )
    step = ["row_step", "row_middle"]
    make = helper.make_node
    return [
        make("Abs", [source], [size]),
        make("ReduceMax", [size], [f"{top}_found"], axes=[-1], keepdims=1),
        make("Max", [f"{top}_found", "row_floor"], [top]),
        make("Div", [source, top], [row]),
        make("QuantizeLinear", [row, *step], [quantised]),
        make("DequantizeLinear", [quantised, *step], [activations]),
        make("DequantizeLinear", [stored, scales, zeros], [dequantised], axis=1),
        make("MatMul", [activations, dequantised], [product]),
        make("Mul", [product, top], [target]),
    ]


def replace(source: Path, target: Path, constants: Mapping[str, NDArray[np.float32]]) -> None:
    """Write a graph with ``constants`` in place of its own of these names.

    Raises:
        ValueError: it lacks one of them.
    """
    model = onnx.load(source)
    found = {constant.name: constant for constant in model.graph.initializer}
    missing = set(constants) - set(found)
    if missing:
        raise ValueError(f"{source.name} has no {sorted(missing)}")
    for name, value in constants.items():
        found[name].CopyFrom(numpy_helper.from_array(value, name))
    onnx.save(model, target)


def session(path: Path) -> ort.InferenceSession:
    """Open a graph on one thread."""
    options = ort.SessionOptions()
    options.intra_op_num_threads = 1
    options.log_severity_level = 3
    return ort.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
