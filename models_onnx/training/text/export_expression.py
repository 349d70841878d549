"""The fine-tuned network as an int8 ONNX graph with its figures.

``python -m esapr.models_onnx.training.text.export_expression`` writes the model's folder.
Matrices are quantised in blocks of 32 (ONNX Runtime's MatMulNBits, eight bits), activations row by
row as they come. ``quantize_dynamic`` takes one scale for the activations of a whole batch instead:
two milliseconds a line faster, but a logit then moves by up to 0.5 with the lines that other
sessions happen to have in the batch. Here it moves by 1e-6.
"""

import tempfile
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import onnxruntime as ort
import torch
from onnxruntime.quantization import QuantType, quantize_dynamic
from onnxruntime.quantization.matmul_nbits_quantizer import MatMulNBitsQuantizer
from onnxruntime.quantization.shape_inference import quant_pre_process

from esapr.inference.calibration import calibrated
from esapr.inference.emotions import LABELS
from esapr.models_onnx.training.folders import run_folder
from esapr.models_onnx.training.release import Release, write
from esapr.models_onnx.training.text.corpora import goemotions
from esapr.models_onnx.training.text.evaluate_expression import evaluate, figures, scored
from esapr.models_onnx.training.text.network import ExpressionNetwork, padded, tokenizer
from esapr.models_onnx.training.text.train_expression import token_ids

OPSET = 17
INT8_ACTIVATIONS = 4
"""ONNX Runtime's name for "activations in int8 too" (``accuracy_level`` of MatMulNBits)."""
TOLERANCE = 0.2
"""int8 moves the stored logits by 0.08, a lost attention mask by 1.9, two swapped classes by 4."""
DATA = [
    {
        "name": "GoEmotions, train split, Ekman grouping",
        "licence": "CC BY 4.0",
        "citation": "Demszky et al. 2020, arXiv:2005.00547",
    },
    {
        "name": "XED, English, film subtitles",
        "licence": "CC BY 4.0",
        "citation": "Öhman et al. 2020, arXiv:2011.01612",
    },
    {
        "name": "sentence-transformers/all-MiniLM-L6-v2 (the weights that training starts from)",
        "licence": "Apache-2.0",
        "citation": "Wang et al. 2020, arXiv:2002.10957",
    },
]


def trained() -> ExpressionNetwork:
    """Return the weights that were best on dev, in float32, with exportable attention."""
    network = ExpressionNetwork("eager")
    network.load_state_dict(
        torch.load(run_folder("text_expression") / "best.pt", weights_only=True)
    )
    return network.eval()


def export(network: ExpressionNetwork, path: Path) -> None:
    """Write ``network`` as float32 ONNX with free batch and token dimensions."""
    free = {0: "batch", 1: "tokens"}
    torch.onnx.export(
        network,
        padded([[101, 2023, 102], [101, 102]]),
        str(path),
        # The exporter built on torch.export writes opset 18 and later only.
        dynamo=False,
        opset_version=OPSET,
        input_names=["input_ids", "attention_mask"],
        output_names=["logits"],
        dynamic_axes={"input_ids": free, "attention_mask": free, "logits": {0: "batch"}},
    )


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
    graph = matrices.model.model
    logits = graph.graph.output[0].type.tensor_type.shape.dim
    logits[1].dim_value = len(LABELS)
    quantize_dynamic(graph, target, op_types_to_quantize=["Gather"], weight_type=QuantType.QInt8)


def parity_case(network: ExpressionNetwork) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return eight dev lines of unequal length, and the float32 network's logits for them."""
    ids, mask = padded(token_ids(goemotions("dev").texts[:8], tokenizer()))
    with torch.inference_mode():
        logits = network(ids, mask).numpy()
    return {"input_ids": ids.numpy(), "attention_mask": mask.numpy()}, {"logits": logits}


def differences(
    float32: ort.InferenceSession, int8: ort.InferenceSession, temperature: float
) -> dict[str, float]:
    """Return by how much probabilities of 512 dev lines move: by int8, and by batching in int8."""
    corpus = goemotions("dev")
    part = type(corpus)(corpus.texts[:512], corpus.labels[:512])
    alone = calibrated(scored(int8, part).logits, temperature)
    exact = calibrated(scored(float32, part).logits, temperature)
    rows = token_ids(part.texts, tokenizer())
    together = []
    for start in range(0, len(rows), 16):
        ids, mask = padded(rows[start : start + 16])
        feed = {"input_ids": ids.numpy(), "attention_mask": mask.numpy()}
        together.append(int8.run(["logits"], feed)[0])
    batched = calibrated(np.concatenate(together), temperature)
    return {
        "int8_mean_abs_difference_of_probability": round(float(np.abs(alone - exact).mean()), 4),
        "int8_same_first_class": round(float((alone.argmax(1) == exact.argmax(1)).mean()), 4),
        "batch_16_mean_abs_difference": round(float(np.abs(alone - batched).mean()), 4),
        "batch_16_same_first_class": round(float((alone.argmax(1) == batched.argmax(1)).mean()), 4),
    }


def session_of(path: Path) -> ort.InferenceSession:
    """Return a one-thread session, as the server's workers use."""
    options = ort.SessionOptions()
    options.intra_op_num_threads = 1
    return ort.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])


def release(version: str = "1.0.0") -> Path:
    """Export, quantise, evaluate and write ``models_onnx/text_expression``; return the folder."""
    torch.set_num_threads(1)
    network = trained()
    with tempfile.TemporaryDirectory() as scratch:
        exact, graph, words = (Path(scratch) / n for n in ("f.onnx", "q.onnx", "tokenizer.json"))
        export(network, exact)
        quantise(exact, graph)
        tokenizer().save(str(words))
        float32, int8 = session_of(exact), session_of(graph)
        temperature, metrics = evaluate(int8)
        metrics["goemotions_test_float32"] = figures(
            scored(float32, goemotions("test")), temperature
        )
        metrics["differences"] = differences(float32, int8, temperature)
        inputs, outputs = parity_case(network)
        worst = float(np.abs(int8.run(["logits"], inputs)[0] - outputs["logits"]).max())
        worst_float32 = float(np.abs(float32.run(["logits"], inputs)[0] - outputs["logits"]).max())
        metrics["differences"]["float32_graph_max_abs_difference_of_logit"] = worst_float32
        card = _card(version, temperature, metrics, worst, words)
        return write(card, graph, inputs, outputs)


def _card(
    version: str, temperature: float, metrics: dict[str, Any], worst: float, words: Path
) -> Release:
    return Release(
        name="text_expression",
        version=version,
        task="expression of one line of English text",
        description="MiniLM-L6, mean of token vectors, linear head; int8",
        licence="Apache-2.0",
        commercial_use=True,
        normalisation="esapr.inference.text.clean, then tokenizer.json (lower case, 64 tokens)",
        metrics=metrics,
        data=DATA,
        buckets=(1, 2, 4, 8, 16),
        max_wait_ms=10,
        max_pending=512,
        use_by_ms=2000,
        parity_reference="the fine-tuned network in PyTorch, float32",
        parity_tolerance=TOLERANCE,
        parity_max_abs_difference=round(worst, 4),
        labels=LABELS,
        temperature=round(temperature, 4),
        temperature_chosen_on="GoEmotions dev, rows with one label",
        extra_files=(words,),
    )


if __name__ == "__main__":
    print(release())
