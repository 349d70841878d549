"""ONNX export of a torch module with a free batch dimension, and int8 quantisation."""

import logging
import warnings
from collections.abc import Sequence
from pathlib import Path

import onnx
import onnxruntime as ort
import torch
from onnxruntime.quantization.matmul_nbits_quantizer import (
    DefaultWeightOnlyQuantConfig,
    MatMulNBitsQuantizer,
)
from torch import Tensor, nn

OPSET = 17
BLOCK = 128
INT8_ACCURACY = 4
"""ONNX Runtime's ``accuracy_level`` that multiplies int8 by int8."""

# It reports each node that it leaves alone.
logging.getLogger("onnxruntime.quantization.matmul_nbits_quantizer").setLevel(logging.WARNING)


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


def quantise(source: Path, target: Path) -> None:
    """Store the weights of every MatMul as int8, one scale for 128 of an output's inputs.

    Activations are quantised row by row, where ONNX Runtime's dynamic quantisation takes one range
    for the whole batch: with that a window's logits change by up to one with its neighbours.
    """
    quantiser = MatMulNBitsQuantizer(
        onnx.load(source),
        algo_config=DefaultWeightOnlyQuantConfig(
            block_size=BLOCK, is_symmetric=True, accuracy_level=INT8_ACCURACY, bits=8
        ),
    )
    quantiser.process()
    quantiser.model.save_model_to_file(str(target), False)


def session(path: Path) -> ort.InferenceSession:
    """Open a graph on one thread."""
    options = ort.SessionOptions()
    options.intra_op_num_threads = 1
    options.log_severity_level = 3
    return ort.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
