"""Write a model folder: the graph, its card and the parity case that is verified."""

import hashlib
import shutil
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import tomli_w
from numpy.typing import NDArray

from esapr.inference.calibration import Calibration
from esapr.models_onnx import ROOT


@dataclass(frozen=True)
class Release:
    """Everything a card says that the graph itself does not.

    ``buckets`` are the batch sizes that are warmed; times are milliseconds. ``metrics`` are
    measured figures with the name of their test set. ``data`` names each training set, its
    licence and its citation.
    """

    name: str
    version: str
    task: str
    description: str
    licence: str
    commercial_use: bool
    normalisation: str
    metrics: dict[str, Any]
    data: list[dict[str, str]]
    buckets: tuple[int, ...]
    max_wait_ms: int
    max_pending: int
    use_by_ms: int
    parity_reference: str
    parity_tolerance: float
    parity_max_abs_difference: float
    labels: tuple[str, ...] = ()
    calibration: Calibration | None = None
    calibrated_on: str = ""
    cpu_rows: int | None = None
    extra_files: tuple[Path, ...] = field(default=())


def write(
    release: Release,
    graph: Path,
    inputs: dict[str, NDArray[Any]],
    outputs: dict[str, NDArray[Any]],
    root: Path = ROOT,
) -> Path:
    """Copy ``graph`` into the zoo with its card and parity case; return the folder.

    ``inputs`` and ``outputs`` are a small batch and what the *reference* implementation (not the
    exported graph) returns for it. ``CARD.md`` is written by hand and is left alone.
    """
    folder = root / release.name
    folder.mkdir(exist_ok=True)
    target = folder / "model.onnx"
    shutil.copyfile(graph, target)
    for extra in release.extra_files:
        shutil.copyfile(extra, folder / extra.name)
    case = {f"in_{k}": v for k, v in inputs.items()} | {f"out_{k}": v for k, v in outputs.items()}
    np.savez_compressed(folder / "parity.npz", allow_pickle=False, **case)
    document = _card(release, target)
    if release.extra_files:
        document["files"] = {extra.name: _sha256(extra) for extra in release.extra_files}
    (folder / "model.toml").write_text(tomli_w.dumps(document), encoding="utf-8")
    return folder


def _card(release: Release, graph: Path) -> dict[str, Any]:
    proto = onnx.load(graph)
    document: dict[str, Any] = {
        "name": release.name,
        "version": release.version,
        "task": release.task,
        "description": release.description,
        "sha256": _sha256(graph),
        "opset": next(o.version for o in proto.opset_import if o.domain in ("", "ai.onnx")),
        "licence": release.licence,
        "commercial_use": release.commercial_use,
        "normalisation": release.normalisation,
        "inputs": [_tensor(value) for value in proto.graph.input],
        "outputs": [_tensor(value) for value in proto.graph.output],
        "batch": {
            "buckets": list(release.buckets),
            "max_wait_ms": release.max_wait_ms,
            "max_pending": release.max_pending,
            "use_by_ms": release.use_by_ms,
        },
        "parity": {
            "reference": release.parity_reference,
            "tolerance": release.parity_tolerance,
            "max_abs_difference": release.parity_max_abs_difference,
        },
        "metrics": release.metrics,
        "data": release.data,
    }
    if release.cpu_rows is not None:
        document["batch"]["cpu_rows"] = release.cpu_rows
    if release.labels:
        document["labels"] = list(release.labels)
    if release.calibration is not None:
        document["calibration"] = {
            "method": "temperature",
            "temperature": round(release.calibration.temperature, 4),
            "slope": round(release.calibration.slope, 4),
            "chosen_on": release.calibrated_on,
        }
    return document


def _sha256(file: Path) -> str:
    return hashlib.sha256(file.read_bytes()).hexdigest()


def _tensor(value: onnx.ValueInfoProto) -> dict[str, Any]:
    tensor = value.type.tensor_type
    return {
        "name": value.name,
        "dtype": np.dtype(onnx.helper.tensor_dtype_to_np_dtype(tensor.elem_type)).name,
        "shape": [d.dim_value or d.dim_param or "free" for d in tensor.shape.dim],
    }
