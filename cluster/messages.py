"""What a gateway and a replica say to each other: MessagePack, never a pickle.

A question is one batch for one model, named by the hash of its graph, so that a replica of another
version refuses it. Arrays travel as their bytes; decoding copies none.
"""

from typing import Any, Self

import msgspec
import numpy as np
from numpy.typing import NDArray

from esapr.inference.cards import Arrays

SERVICE = "esapr.Inference"
"""The gRPC service; the ``application`` of a call's metadata is the model's name."""

METHOD = "run"
"""Its only method, and that of the replica."""


class Tensor(msgspec.Struct, frozen=True, array_like=True):
    """One array, in C order."""

    dtype: str
    shape: tuple[int, ...]
    data: memoryview

    @classmethod
    def of(cls, array: NDArray[Any]) -> Self:
        """Copy an array."""
        return cls(array.dtype.str, array.shape, memoryview(array.tobytes()))

    @property
    def array(self) -> NDArray[Any]:
        """The array, which cannot be written to.

        Raises:
            ValueError: the bytes do not fill the shape, or are no numbers.
        """
        return np.frombuffer(self.data, np.dtype(self.dtype)).reshape(self.shape)


class Question(msgspec.Struct, frozen=True):
    """A batch; without inputs it asks only whether the model is there."""

    sha256: str
    inputs: dict[str, Tensor]


class Answer(msgspec.Struct, frozen=True, omit_defaults=True):
    """The outputs, or why the replica does not run the batch."""

    outputs: dict[str, Tensor] = {}
    refusal: str = ""


def pack(arrays: Arrays) -> dict[str, Tensor]:
    """Copy arrays into what is sent."""
    return {name: Tensor.of(array) for name, array in arrays.items()}


def unpack(tensors: dict[str, Tensor]) -> Arrays:
    """Return the arrays that were sent."""
    return {name: tensor.array for name, tensor in tensors.items()}


encode = msgspec.msgpack.encode
read_question = msgspec.msgpack.Decoder(Question).decode
read_answer = msgspec.msgpack.Decoder(Answer).decode
