"""Model cards and ONNX Runtime sessions: the only file that imports onnxruntime."""

import hashlib
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache, cached_property
from importlib.metadata import distributions
from pathlib import Path
from typing import Any, Self

import numpy as np
import onnxruntime as ort
from numpy.typing import NDArray

from esapr.inference.batching import BatchLimits

Arrays = dict[str, NDArray[Any]]
"""Named arrays; dimension 0 of each is the batch."""


class ModelError(Exception):
    """Base of everything that is wrong with a model folder."""


class CardError(ModelError):
    """``model.toml`` is missing, unreadable or incomplete."""


class HashMismatchError(ModelError):
    """``model.onnx`` is not the file that the card describes."""


class ShapeMismatchError(ModelError):
    """The graph's inputs or outputs differ from the card's."""


class ParityError(ModelError):
    """The graph does not reproduce the reference outputs stored beside it."""


class RuntimeConflictError(ModelError):
    """Two builds of ONNX Runtime are installed; they have overwritten each other's files."""


@dataclass(frozen=True, slots=True)
class TensorSpec:
    """An input or output: ``shape`` holds fixed sizes and names of free dimensions."""

    name: str
    dtype: str
    shape: tuple[int | str, ...]


@dataclass(frozen=True, slots=True)
class ModelCard:
    """What ``model.toml`` says. ``temperature`` divides logits before softmax (Guo et al. 2017)."""

    folder: Path
    name: str
    version: str
    task: str
    sha256: str
    licence: str
    commercial_use: bool
    labels: tuple[str, ...]
    inputs: tuple[TensorSpec, ...]
    outputs: tuple[TensorSpec, ...]
    batch: BatchLimits
    temperature: float
    parity_tolerance: float
    metrics: Mapping[str, Any]

    @property
    def path(self) -> Path:
        """The ONNX file."""
        return self.folder / "model.onnx"

    @classmethod
    def read(cls, folder: Path) -> Self:
        """Read ``folder/model.toml``.

        Raises:
            CardError: the file is missing, is not TOML or lacks a field (which the message names).
        """
        try:
            raw = tomllib.loads((folder / "model.toml").read_text(encoding="utf-8"))
        except (OSError, tomllib.TOMLDecodeError) as error:
            raise CardError(f"{folder.name}: {error}") from error
        try:
            batch = raw["batch"]
            return cls(
                folder=folder,
                name=raw["name"],
                version=raw["version"],
                task=raw["task"],
                sha256=raw["sha256"],
                licence=raw["licence"],
                commercial_use=raw["commercial_use"],
                labels=tuple(raw.get("labels", ())),
                inputs=_tensor_specs(raw["inputs"]),
                outputs=_tensor_specs(raw["outputs"]),
                batch=BatchLimits(
                    buckets=tuple(batch["buckets"]),
                    max_wait=batch["max_wait_ms"] / 1000,
                    max_pending=batch["max_pending"],
                    use_by=batch["use_by_ms"] / 1000,
                ),
                temperature=raw.get("calibration", {}).get("temperature", 1.0),
                parity_tolerance=raw["parity"]["tolerance"],
                metrics=raw.get("metrics", {}),
            )
        except (KeyError, TypeError) as error:
            raise CardError(f"{folder.name}/model.toml: missing or malformed {error}") from error


def _tensor_specs(raw: list[dict[str, Any]]) -> tuple[TensorSpec, ...]:
    return tuple(TensorSpec(t["name"], t["dtype"], tuple(t["shape"])) for t in raw)


def providers() -> list[str | tuple[str, dict[str, str]]]:
    """Return the execution providers to ask for: CUDA where the GPU build is installed, then CPU.

    The default cuDNN search tries every algorithm for every new shape, which takes seconds.
    """
    if "CUDAExecutionProvider" not in ort.get_available_providers():
        return ["CPUExecutionProvider"]
    ort.preload_dlls()
    cuda = ("CUDAExecutionProvider", {"cudnn_conv_algo_search": "HEURISTIC"})
    return [cuda, "CPUExecutionProvider"]


class Model:
    """One ONNX Runtime session on one device. ``run`` may be called from any thread."""

    def __init__(self, card: ModelCard, *, threads: int = 1) -> None:
        """Load the graph with ``threads`` intra-op threads.

        Raises:
            HashMismatchError: the file is not the one on the card.
            RuntimeConflictError: two builds of ONNX Runtime are installed.
        """
        _require_one_runtime()
        content = card.path.read_bytes()
        if hashlib.sha256(content).hexdigest() != card.sha256:
            raise HashMismatchError(f"{card.name}: model.onnx does not match the card's sha256")
        options = ort.SessionOptions()
        options.intra_op_num_threads = threads
        options.inter_op_num_threads = 1
        # Spinning threads steal the core that the event loop needs.
        options.add_session_config_entry("session.intra_op.allow_spinning", "0")
        options.log_severity_level = 3
        self.card = card
        self._session = ort.InferenceSession(content, options, providers=providers())
        self._outputs = [spec.name for spec in card.outputs]
        self._warm = False

    @property
    def provider(self) -> str:
        """The execution provider in use: a device that cannot be used leaves the CPU."""
        name: str = self._session.get_providers()[0]
        return name

    def run(self, batch: Arrays) -> Arrays:
        """Run one batch and return every output by name."""
        values = self._session.run(self._outputs, batch)
        return dict(zip(self._outputs, values, strict=True))

    def warm_up(self) -> None:
        """Run every batch bucket once on zeros, so that no live request pays for a first run."""
        if not self._warm:
            for size in self.card.batch.buckets:
                self.run(self._zeros(size))
            self._warm = True

    def verify(self) -> float:
        """Check shapes against the card and outputs against ``parity.npz``.

        Returns:
            The largest absolute difference from the reference outputs.

        Raises:
            ShapeMismatchError: inputs or outputs differ from the card.
            ParityError: the difference exceeds the card's tolerance.
        """
        self._verify_shapes()
        inputs, expected = self._parity_case
        actual = self.run(inputs)
        worst = max(float(np.max(np.abs(actual[name] - expected[name]))) for name in expected)
        if not worst <= self.card.parity_tolerance:
            raise ParityError(
                f"{self.card.name}: outputs differ from the reference by {worst:.2e}, "
                f"tolerance {self.card.parity_tolerance:.0e}"
            )
        return worst

    def _verify_shapes(self) -> None:
        graph = (*self._session.get_inputs(), *self._session.get_outputs())
        found = [(node.name, len(node.shape), _fixed(node.shape)) for node in graph]
        specs = (*self.card.inputs, *self.card.outputs)
        wanted = [(spec.name, len(spec.shape), _fixed(spec.shape)) for spec in specs]
        if found != wanted:
            raise ShapeMismatchError(f"{self.card.name}: graph has {found}, card says {wanted}")

    @cached_property
    def _parity_case(self) -> tuple[Arrays, Arrays]:
        with np.load(self.card.folder / "parity.npz") as stored:
            arrays = {key: stored[key] for key in stored.files}
        inputs = {spec.name: arrays[f"in_{spec.name}"] for spec in self.card.inputs}
        expected = {spec.name: arrays[f"out_{spec.name}"] for spec in self.card.outputs}
        return inputs, expected

    def _zeros(self, size: int) -> Arrays:
        return {
            spec.name: np.zeros(
                (size, *(d if isinstance(d, int) else 8 for d in spec.shape[1:])), spec.dtype
            )
            for spec in self.card.inputs
        }


def _fixed(shape: Any) -> tuple[int | None, ...]:
    return tuple(d if isinstance(d, int) else None for d in shape)


@cache
def _require_one_runtime() -> None:
    check_runtimes(dist.name for dist in distributions())


def check_runtimes(installed: Iterable[str]) -> None:
    """Check the names of installed distributions (docs/decisions/0003-gpu-extra.md).

    Raises:
        RuntimeConflictError: both ``onnxruntime`` and ``onnxruntime-gpu`` are among them.
    """
    if {"onnxruntime", "onnxruntime-gpu"} <= set(installed):
        raise RuntimeConflictError(
            "onnxruntime and onnxruntime-gpu are both installed and overwrite each other: "
            "uninstall both, then install one (make setup, or make setup EXTRA=gpu)"
        )
