"""The frozen encoder of the personality model: the first layers of MiniLM-L6, in int8.

Appending the head afterwards lets it be fitted on what the int8 graph gives, not on what the
float32 network would.
"""

import tempfile
from pathlib import Path

import numpy as np
import onnx
import torch
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper
from onnxruntime.quantization import QuantType, quantize_dynamic
from onnxruntime.quantization.matmul_nbits_quantizer import MatMulNBitsQuantizer
from onnxruntime.quantization.shape_inference import quant_pre_process
from torch import Tensor, nn
from transformers import AutoModel

from esapr.models_onnx.training.text.network import encoder_folder, padded
from esapr.models_onnx.training.voice.graph import OPSET

Floats = NDArray[np.float32]

INT8_ACTIVATIONS = 4
"""ONNX Runtime's name for "activations in int8 too" (``accuracy_level`` of MatMulNBits)."""


class Encoder(nn.Module):
    """``input_ids``, ``attention_mask`` int64 ``[batch, tokens]`` → mean ``[batch, 384]``."""

    def __init__(self, layers: int) -> None:
        """Load the pretrained weights and keep the first ``layers`` of six."""
        super().__init__()
        self.encoder = AutoModel.from_pretrained(
            encoder_folder(), attn_implementation="eager", add_pooling_layer=False
        )
        self.encoder.encoder.layer = self.encoder.encoder.layer[:layers]

    def forward(self, input_ids: Tensor, attention_mask: Tensor) -> Tensor:
        """Return the mean of the token vectors."""
        tokens = self.encoder(input_ids=input_ids, attention_mask=attention_mask)[0]
        mask = attention_mask.unsqueeze(-1).to(tokens.dtype)
        # The clamp keeps the all-zero rows that fill a batch bucket finite.
        return (tokens * mask).sum(1) / mask.sum(1).clamp(min=1.0)


def write_encoder(layers: int, target: Path) -> None:
    """Write the encoder as an int8 graph with one output, ``features``."""
    free = {0: "batch", 1: "tokens"}
    with tempfile.TemporaryDirectory() as scratch:
        exact = Path(scratch) / "encoder.onnx"
        torch.onnx.export(
            Encoder(layers).eval(),
            padded([[101, 2023, 102], [101, 102]]),
            str(exact),
            # The exporter built on torch.export writes opset 18 and later only.
            dynamo=False,
            opset_version=OPSET,
            input_names=["input_ids", "attention_mask"],
            output_names=["features"],
            dynamic_axes={"input_ids": free, "attention_mask": free, "features": {0: "batch"}},
        )
        quantise(exact, target)


def quantise(source: Path, target: Path) -> None:
    """Write ``source`` with int8 weights: matrices in blocks of 32, embeddings by one scale."""
    prepared = source.with_suffix(".prepared.onnx")
    quant_pre_process(source, prepared, skip_symbolic_shape=True)
    matrices = MatMulNBitsQuantizer(
        onnx.load(prepared),
        bits=8,
        block_size=32,
        is_symmetric=True,
        accuracy_level=INT8_ACTIVATIONS,
    )
    matrices.process()
    quantize_dynamic(
        matrices.model.model,
        target,
        op_types_to_quantize=["Gather"],
        weight_type=QuantType.QInt8,
    )


def append_head(source: Path, target: Path, weights: Floats, bias: Floats) -> None:
    """Add the output ``traits`` ``[batch, 5]`` to an encoder: a linear head in float32.

    ``weights`` are ``[384, 5]``, ``bias`` ``[5]``.
    """
    proto = onnx.load(source)
    graph = proto.graph
    graph.initializer.extend(
        [
            numpy_helper.from_array(weights, "head_weights"),
            numpy_helper.from_array(bias, "head_bias"),
        ]
    )
    graph.node.append(
        helper.make_node("Gemm", ["features", "head_weights", "head_bias"], ["traits"])
    )
    graph.output.append(
        helper.make_tensor_value_info("traits", TensorProto.FLOAT, ["batch", len(bias)])
    )
    # The quantiser loses how many numbers there are.
    graph.output[0].type.tensor_type.shape.dim[1].dim_value = len(weights)
    onnx.checker.check_model(proto)
    onnx.save(proto, target)
