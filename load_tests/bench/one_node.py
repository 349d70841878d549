"""An ONNX graph of one operator, without the ``onnx`` package, which users do not have.

Field numbers are those of onnx.proto (https://github.com/onnx/onnx/blob/main/onnx/onnx.proto).
"""

from collections.abc import Iterable

FLOAT = 1
IR_VERSION, OPSET = 8, 17


def one_node(operator: str, inputs: Iterable[str]) -> bytes:
    """Return a model that computes ``y`` from float32 ``inputs`` of any shape."""
    names = list(inputs)
    node = b"".join(_text(1, name) for name in names) + _text(2, "y") + _text(4, operator)
    graph = _message(1, node) + _text(2, operator)
    graph += b"".join(_message(11, _float_tensor(name)) for name in names)
    graph += _message(12, _float_tensor("y"))
    opset = _text(1, "") + _number(2, OPSET)
    return _number(1, IR_VERSION) + _message(7, graph) + _message(8, opset)


def _float_tensor(name: str) -> bytes:
    return _text(1, name) + _message(2, _message(1, _number(1, FLOAT)))


def _number(field: int, value: int) -> bytes:
    """Encode a number below 128."""
    return bytes([field << 3, value])


def _text(field: int, value: str) -> bytes:
    return _message(field, value.encode())


def _message(field: int, content: bytes) -> bytes:
    """Encode what is shorter than 16 KiB."""
    length = len(content)
    size = bytes([length]) if length < 128 else bytes([length & 127 | 128, length >> 7])
    return bytes([field << 3 | 2]) + size + content
