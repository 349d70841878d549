"""What ``model.toml`` says about a model."""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

from numpy.typing import NDArray

from esapr.inference.batching import BatchLimits

Arrays = dict[str, NDArray[Any]]
"""Named arrays; dimension 0 of each is the batch."""


class ModelError(Exception):
    """Base of everything that is wrong with a model folder."""


class CardError(ModelError):
    """``model.toml`` is missing, unreadable or incomplete."""


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

    @property
    def fixed_rows(self) -> bool:
        """Whether every row of every input and output has one shape: only the batch is free."""
        specs = (*self.inputs, *self.outputs)
        return all(isinstance(size, int) for spec in specs for size in spec.shape[1:])

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
