"""The fine-tuned network as an int8 ONNX graph with its figures.

``python -m esapr.models_onnx.training.text.export_expression`` writes the model's folder.
Activations are quantised row by row as they come, so a line's logits do not depend on the lines
that other sessions happen to have in the batch (docs/decisions/0052).
"""

import argparse
import tempfile
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime as ort
import torch
from onnxruntime.quantization import QuantType, quantize_dynamic
from onnxruntime.quantization.shape_inference import quant_pre_process

from esapr.inference.calibration import Calibration, calibrated
from esapr.inference.emotions import LABELS
from esapr.models_onnx.training.folders import run_folder
from esapr.models_onnx.training.release import Release, write
from esapr.models_onnx.training.text.corpora import goemotions
from esapr.models_onnx.training.text.evaluate_expression import evaluate, figures, scored
from esapr.models_onnx.training.text.network import ExpressionNetwork, padded, tokenizer
from esapr.models_onnx.training.text.train_expression import token_ids
from esapr.models_onnx.training.voice import graph

OUTPUTS = ["logits", "spoken_logits"]
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


def trained(name: str) -> ExpressionNetwork:
    """Return the weights of a run that were best on dev, float32, with exportable attention."""
    network = ExpressionNetwork("eager")
    network.load_state_dict(torch.load(run_folder(name) / "best.pt", weights_only=True))
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
        opset_version=graph.OPSET,
        input_names=["input_ids", "attention_mask"],
        output_names=OUTPUTS,
        dynamic_axes={
            **dict.fromkeys(("input_ids", "attention_mask"), free),
            **{name: {0: "batch"} for name in OUTPUTS},
        },
    )


def quantise(source: Path, target: Path) -> None:
    """Write ``source`` in int8: matrices with a scale an output, embeddings by one scale."""
    prepared, products = (source.with_suffix(f".{step}.onnx") for step in ("prepared", "products"))
    quant_pre_process(source, prepared, skip_symbolic_shape=True)
    graph.quantise(prepared, products)
    quantize_dynamic(products, target, op_types_to_quantize=["Gather"], weight_type=QuantType.QInt8)


def parity_case(network: ExpressionNetwork) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return eight dev lines of unequal length, and the float32 network's logits for them."""
    ids, mask = padded(token_ids(goemotions("dev").texts[:8], tokenizer()))
    with torch.inference_mode():
        found = [logits.numpy() for logits in network(ids, mask)]
    inputs = {"input_ids": ids.numpy(), "attention_mask": mask.numpy()}
    return inputs, dict(zip(OUTPUTS, found, strict=True))


def differences(
    float32: ort.InferenceSession, int8: ort.InferenceSession, calibration: Calibration
) -> dict[str, float]:
    """Return by how much probabilities of 512 dev lines move: by int8, and by batching in int8."""
    part = goemotions("dev").rows(range(512))
    alone = calibrated(scored(int8, part).logits, calibration)
    exact = calibrated(scored(float32, part).logits, calibration)
    rows = token_ids(part.texts, tokenizer())
    together = []
    for start in range(0, len(rows), 16):
        ids, mask = padded(rows[start : start + 16])
        feed = {"input_ids": ids.numpy(), "attention_mask": mask.numpy()}
        together.append(int8.run(["logits"], feed)[0])
    batched = calibrated(np.concatenate(together), calibration)
    return {
        "int8_mean_abs_difference_of_probability": round(float(np.abs(alone - exact).mean()), 4),
        "int8_same_first_class": round(float((alone.argmax(1) == exact.argmax(1)).mean()), 4),
        "batch_16_mean_abs_difference": round(float(np.abs(alone - batched).mean()), 4),
        "batch_16_same_first_class": round(float((alone.argmax(1) == batched.argmax(1)).mean()), 4),
    }


def worst(session: ort.InferenceSession, inputs: dict[str, Any], outputs: dict[str, Any]) -> float:
    """Return the largest difference of a graph's logits from ``outputs``."""
    found = session.run(OUTPUTS, inputs)
    return max(
        float(np.abs(one - outputs[name]).max()) for name, one in zip(OUTPUTS, found, strict=True)
    )


def release(version: str, name: str) -> Path:
    """Export, quantise, evaluate and write ``models_onnx/text_expression``; return the folder."""
    torch.set_num_threads(1)
    network = trained(name)
    with tempfile.TemporaryDirectory() as scratch:
        files = ("float32.onnx", "int8.onnx", "tokenizer.json")
        exact, int8_file, words = (Path(scratch) / name for name in files)
        export(network, exact)
        quantise(exact, int8_file)
        tokenizer().save(str(words))
        float32, int8 = graph.session(exact), graph.session(int8_file)
        calibration, metrics = evaluate(int8)
        metrics["goemotions_test_float32"] = figures(
            scored(float32, goemotions("test")), calibration
        )
        metrics["differences"] = differences(float32, int8, calibration)
        inputs, outputs = parity_case(network)
        metrics["differences"]["float32_graph_max_abs_difference_of_logit"] = worst(
            float32, inputs, outputs
        )
        card = _card(version, calibration, metrics, worst(int8, inputs, outputs), words)
        return write(card, int8_file, inputs, outputs)


def _card(
    version: str, calibration: Calibration, metrics: dict[str, Any], difference: float, words: Path
) -> Release:
    return Release(
        name="text_expression",
        version=version,
        task="expression of one line of English text",
        description="MiniLM-L6, mean of token vectors, linear heads for written and spoken; int8",
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
        parity_max_abs_difference=round(difference, 4),
        labels=LABELS,
        calibration=calibration,
        calibrated_on="GoEmotions dev, rows with one label",
        extra_files=(words,),
    )


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--version", default="2.0.0")
    parser.add_argument("--run", default="text_expression", help="name of the run's folder")
    arguments = parser.parse_args()
    print(release(arguments.version, arguments.run))
