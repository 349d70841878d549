"""Fit the Big Five on essays, and write the model's folder.

``python -m esapr.models_onnx.training.text.train_personality``: the encoder stays frozen, so this
reads every essay once (the part that takes minutes, kept in ``build/training/text_personality``)
and then solves for linear heads: ten that have each not seen a tenth of the authors, and the one
that ships.
"""

import argparse
import json
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import onnxruntime as ort
import torch
from numpy.typing import NDArray

from esapr.inference.cards import Arrays, ModelCard
from esapr.inference.models import Model
from esapr.inference.text.personality import read_whole_tokenizer
from esapr.inference.text.traits import Priors
from esapr.models_onnx import ROOT
from esapr.models_onnx.evaluation import essays
from esapr.models_onnx.evaluation.text_personality import (
    Heads,
    Read,
    figures,
    means,
    read_texts,
    unseen,
)
from esapr.models_onnx.training.folders import data_folder, run_folder
from esapr.models_onnx.training.release import Release, write
from esapr.models_onnx.training.text.encoder import Encoder, append_head, write_encoder
from esapr.models_onnx.training.text.priors import by_words, estimated, scaled
from esapr.models_onnx.training.text.ridge import Head, fit

Floats = NDArray[np.float64]
Single = NDArray[np.float32]

LAYERS = 2
"""Of six; four and six read the essays no better (docs/decisions/0043)."""
ESSAYS_AT_A_TIME = 100
TOLERANCE = 0.1
"""int8 moves the stored features by 0.06; a lost attention mask moves them by more than 0.1."""
DATA = [
    {
        "name": "essays with Big Five questionnaires, 2,467 authors",
        "licence": "none stated: research only, texts and weights alike",
        "citation": "Pennebaker & King 1999, Journal of Personality and Social Psychology 77(6)",
    },
    {
        "name": "sentence-transformers/all-MiniLM-L6-v2 (the frozen encoder)",
        "licence": "Apache-2.0",
        "citation": "Wang et al. 2020, arXiv:2002.10957",
    },
]


def encoder_graph() -> Path:
    """Return the int8 encoder, written on first use."""
    graph = run_folder("text_personality") / f"encoder_{LAYERS}.onnx"
    if not graph.exists():
        write_encoder(LAYERS, graph)
    return graph


def read_essays(found: essays.Essays) -> Read:
    """Return what the encoder reads in all essays; a stopped run goes on where it was."""
    folder, tokenizer = run_folder("text_personality"), read_whole_tokenizer(_words_card())
    options = ort.SessionOptions()
    options.intra_op_num_threads = 1
    session = ort.InferenceSession(encoder_graph(), options, providers=["CPUExecutionProvider"])

    def run(batch: Arrays) -> Arrays:
        return {"features": session.run(["features"], batch)[0]}

    parts = []
    for start in range(0, len(found.texts), ESSAYS_AT_A_TIME):
        file = folder / f"read_{LAYERS}_{start}.npz"
        if not file.exists():
            part = read_texts(run, tokenizer, found.texts[start : start + ESSAYS_AT_A_TIME])
            partial = file.with_suffix(".partial.npz")
            np.savez(
                partial,
                owner=part.owner + start,
                words=part.words,
                features=part.features,
            )
            partial.rename(file)
            print(f"{start + ESSAYS_AT_A_TIME} of {len(found.texts)}", flush=True)
        with np.load(file) as stored:
            parts.append({name: stored[name] for name in stored.files})
    joined = {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}
    return Read(joined["owner"], joined["words"], joined["features"])


def _words_card() -> ModelCard:
    """Return the card of the model whose vocabulary this one has, too."""
    return ModelCard.read(ROOT / "text_expression")


def fit_folds(found: essays.Essays, features: Floats) -> Heads:
    """Return the heads that have each not seen one fold; a choice sees its training part only."""
    heads = []
    for fold in np.unique(found.folds):
        seen = found.folds != fold
        heads.append(fit(features[seen], found.labels[seen]))
        print(f"fold {fold}: strength {heads[-1].strength}", flush=True)
    rows = (np.stack([head.weights for head in heads]), np.stack([head.bias for head in heads]))
    # As the file beside the model has them.
    return Heads(*(row.astype(np.float32).astype(np.float64) for row in rows))


def release(version: str) -> Path:
    """Fit everything and write the model's folder; print its figures."""
    torch.set_num_threads(1)
    found = essays.read(data_folder() / "text")
    read = read_essays(found)
    count = len(found.texts)
    features = means(read.features.astype(np.float64), read, count)
    heads = fit_folds(found, features)
    logits = unseen(heads, read, found.folds)
    slope, bias = scaled(logits, read, found.labels)
    calibrated = logits * slope + bias
    priors = estimated(calibrated, read, count)
    metrics = {
        "essays_ten_folds": {
            "essays": count,
            **figures((means(logits, read, count) > 0) == found.labels, found.folds),
        },
        **by_words(calibrated, read, priors, found.labels),
    }
    print(json.dumps(metrics, indent=1))
    head = fit(features, found.labels)
    shipped = Head(head.weights * slope, head.bias * slope + bias, head.strength)
    return _write(version, shipped, heads, priors, metrics)


def _write(version: str, head: Head, heads: Heads, priors: Priors, metrics: dict[str, Any]) -> Path:
    scratch = run_folder("text_personality")
    graph, folds, constants = (
        scratch / name for name in ("model.onnx", "folds.npz", "priors.json")
    )
    weights, bias = head.weights.astype(np.float32), head.bias.astype(np.float32)
    append_head(encoder_graph(), graph, weights, bias)
    rounded = {"weights": heads.weights.astype(np.float32), "bias": heads.bias.astype(np.float32)}
    np.savez_compressed(folds, allow_pickle=False, **rounded)
    rows = {"mean": priors.mean, "between": priors.between, "within": priors.within}
    constants.write_bytes(
        msgspec.json.encode({name: [round(float(v), 6) for v in row] for name, row in rows.items()})
    )
    inputs, outputs = parity_case(weights, bias)
    found = ort.InferenceSession(graph).run(list(outputs), inputs)
    worst = max(float(np.abs(a - b).max()) for a, b in zip(found, outputs.values(), strict=True))
    words = _words_card().folder / "tokenizer.json"
    return write(_card(version, metrics, worst, (folds, constants, words)), graph, inputs, outputs)


def parity_case(weights: Single, bias: Single) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return two chunks of unequal length, and what float32 makes of them."""
    generator = np.random.default_rng(7)
    ids = generator.integers(1996, 20_000, (2, 64))
    ids[:, 0], ids[0, -1], ids[1, 31], ids[1, 32:] = 101, 102, 102, 0
    mask = (ids > 0).astype(np.int64)
    with torch.inference_mode():
        features = Encoder(LAYERS).eval()(torch.from_numpy(ids), torch.from_numpy(mask)).numpy()
    return (
        {"input_ids": ids, "attention_mask": mask},
        {"features": features, "traits": features @ weights + bias},
    )


def _card(
    version: str, metrics: dict[str, Any], worst: float, extra_files: tuple[Path, ...]
) -> Release:
    return Release(
        name="text_personality",
        version=version,
        task="Big Five of the author of English text",
        description=f"{LAYERS} frozen layers of MiniLM-L6 in int8, linear head",
        licence="LicenseRef-research-only",
        commercial_use=False,
        normalisation="esapr.inference.text.clean, then tokenizer.json in chunks of 200 tokens",
        metrics=metrics,
        data=DATA,
        buckets=(1, 2, 4),
        max_wait_ms=20,
        max_pending=256,
        use_by_ms=10_000,
        parity_reference="the float32 encoder in PyTorch and the head in numpy",
        parity_tolerance=TOLERANCE,
        parity_max_abs_difference=round(worst, 4),
        extra_files=extra_files,
    )


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--version", default="1.1.0")
    folder = release(parser.parse_args().version)
    Model(ModelCard.read(folder)).verify()
    print(folder)
