"""From mediapipe's TFLite files to ONNX graphs with a free batch dimension and uint8 pictures."""

import hashlib
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper

from esapr.models_onnx.training.face.timing import session
from esapr.models_onnx.training.folders import run_folder
from esapr.models_onnx.training.wheels import MEDIAPIPE, read_member

OPSET = 17


class SourceError(Exception):
    """The wheel's file is not the one that this code was written for."""


def fetch(member: str, sha256: str) -> Path:
    """Return mediapipe's TFLite file ``member``.

    Raises:
        SourceError: the file's hash differs from ``sha256``.
    """
    content = read_member(MEDIAPIPE, member)
    if hashlib.sha256(content).hexdigest() != sha256:
        raise SourceError(f"{member}: unexpected content")
    path = run_folder("mediapipe") / Path(member).name
    path.write_bytes(content)
    return path


def converted(tflite: Path) -> onnx.ModelProto:
    """Convert with ``python -m tf2onnx.convert``, in a process of its own."""
    target = tflite.with_suffix(".onnx")
    command = [sys.executable, "-m", "tf2onnx.convert", "--tflite", str(tflite)]
    options = ["--opset", str(OPSET), "--output", str(target)]
    subprocess.run([*command, *options], check=True, capture_output=True)
    return onnx.load(target)


def take_pictures(model: onnx.ModelProto, scale: float, shift: float = 0.0) -> None:
    """Make the graph's input uint8 RGB ``image`` ``[batch, height, width, 3]``.

    The graph then computes ``image * scale + shift``, which is what the network was trained on.
    Without a shift, which would change what a convolution pads with, the scale is in the kernel of
    the first convolution.
    """
    graph = model.graph
    (old,) = graph.input
    height, width = (d.dim_value for d in old.type.tensor_type.shape.dim[1:3])
    if shift:
        add_constant(model, "picture_scale", np.array(scale, np.float32))
        add_constant(model, "picture_shift", np.array(shift, np.float32))
        nodes = [
            helper.make_node("Cast", ["image"], ["picture_float"], to=TensorProto.FLOAT),
            helper.make_node("Mul", ["picture_float", "picture_scale"], ["picture_scaled"]),
            helper.make_node("Add", ["picture_scaled", "picture_shift"], [old.name]),
        ]
    else:
        first = next(node for node in graph.node if node.op_type == "Conv")
        constants = {c.name: numpy_helper.to_array(c) for c in graph.initializer}
        add_constant(model, "picture_kernel", constants[first.input[1]] * np.float32(scale))
        first.input[1] = "picture_kernel"
        nodes = [helper.make_node("Cast", ["image"], [old.name], to=TensorProto.FLOAT)]
    _replace(graph.node, [*nodes, *graph.node])
    shape = ["batch", height, width, 3]
    _replace(graph.input, [helper.make_tensor_value_info("image", TensorProto.UINT8, shape)])


def set_outputs(model: onnx.ModelProto, shapes: dict[str, list[int]]) -> None:
    """Name and order the outputs; ``shapes`` leaves out the batch."""
    outputs = [
        helper.make_tensor_value_info(name, TensorProto.FLOAT, ["batch", *shape])
        for name, shape in shapes.items()
    ]
    _replace(model.graph.output, outputs)


def add_reshape(model: onnx.ModelProto, source: str, target: str, shape: list[int]) -> None:
    """Append ``target = source`` reshaped to ``[batch, *shape]``."""
    # A zero in a Reshape's shape copies the input's dimension.
    add_constant(model, f"{target}_shape", np.array([0, *shape], dtype=np.int64))
    model.graph.node.append(helper.make_node("Reshape", [source, f"{target}_shape"], [target]))


def dense_output(
    model: onnx.ModelProto, source: str, target: str, shape: list[int], scale: float
) -> None:
    """Append ``target = scale * source`` as ``[batch, *shape]``.

    ``source`` is a reshaped convolution whose kernel covers the whole picture. As a matrix product
    its weights are read once a batch, not once a picture.
    """
    graph = model.graph
    producers = {node.output[0]: node for node in graph.node}
    reshape = producers[source]
    convolution = producers[reshape.input[0]]
    constants = {c.name: numpy_helper.to_array(c) for c in graph.initializer}
    kernel, bias = (constants[name] for name in convolution.input[1:])
    weights = kernel.reshape(len(kernel), -1) * np.float32(scale)
    add_constant(model, f"{target}_weights", weights)
    add_constant(model, f"{target}_bias", bias * np.float32(scale))
    flat, row = f"{target}_flat", f"{target}_row"
    inputs = [flat, f"{target}_weights", f"{target}_bias"]
    graph.node.remove(reshape)
    graph.node.remove(convolution)
    graph.node.append(helper.make_node("Flatten", [convolution.input[0]], [flat]))
    graph.node.append(helper.make_node("Gemm", inputs, [row], transB=1))
    add_reshape(model, row, target, shape)


def add_constant(model: onnx.ModelProto, name: str, value: NDArray[Any]) -> None:
    """Append an initialiser."""
    model.graph.initializer.append(numpy_helper.from_array(value, name))


def free_batch(model: onnx.ModelProto) -> None:
    """Let every ``Reshape`` to a leading 1 copy the batch dimension instead."""
    graph = model.graph
    constants = {c.name: c for c in graph.initializer}
    for name in dict.fromkeys(n.input[1] for n in graph.node if n.op_type == "Reshape"):
        shape = numpy_helper.to_array(constants[name]).copy()
        if shape[0] == 1:
            shape[0] = 0
            constants[name].CopyFrom(numpy_helper.from_array(shape, name))
    del graph.value_info[:]


def save(model: onnx.ModelProto, name: str) -> Path:
    """Check the graph and write it to the run folder, the same bytes each time."""
    _order_constants(model.graph)
    inferred = onnx.shape_inference.infer_shapes(model, strict_mode=True)
    onnx.checker.check_model(inferred, full_check=True)
    path = run_folder("mediapipe") / f"{name}.onnx"
    onnx.save(model, path)
    return path


def _order_constants(graph: onnx.GraphProto) -> None:
    """Number the constants by first use and drop unused ones.

    The converter names and orders them by hash, differently in every process.
    """
    constants = {constant.name: constant for constant in graph.initializer}
    used = dict.fromkeys(name for node in graph.node for name in node.input if name in constants)
    names = {old: f"constant_{index}" for index, old in enumerate(used)}
    for node in graph.node:
        _replace(node.input, [names.get(name, name) for name in node.input])
    for old, new in names.items():
        constants[old].name = new
    _replace(graph.initializer, [constants[old] for old in used])


def run_tflite(tflite: Path, batch: NDArray[np.float32]) -> list[NDArray[np.float32]]:
    """Run the original file on float pictures, one by one, and stack each output."""
    import tensorflow as tf

    interpreter = tf.lite.Interpreter(model_path=str(tflite))
    interpreter.allocate_tensors()
    details = interpreter.get_output_details()
    rows: list[list[NDArray[np.float32]]] = [[] for _ in details]
    for picture in batch:
        interpreter.set_tensor(interpreter.get_input_details()[0]["index"], picture[None])
        interpreter.invoke()
        for row, detail in zip(rows, details, strict=True):
            row.append(interpreter.get_tensor(detail["index"])[0])
    return [np.stack(row) for row in rows]


def differences(
    path: Path, images: NDArray[np.uint8], expected: dict[str, NDArray[np.float32]]
) -> dict[str, float]:
    """Return the largest absolute difference of each of a graph's outputs from ``expected``."""
    values = session(path).run(list(expected), {"image": images})
    pairs = zip(expected.items(), values, strict=True)
    return {name: float(np.abs(found - wanted).max()) for (name, wanted), found in pairs}


def _replace(field: Any, values: list[Any]) -> None:
    """Set a repeated protobuf field."""
    values = list(values)
    del field[:]
    field.extend(values)
