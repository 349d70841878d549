"""What ``model.toml`` says about a model."""

import hashlib
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

from numpy.typing import NDArray

from esapr.inference.batching import BatchLimits
from esapr.inference.calibration import Calibration

Arrays = dict[str, NDArray[Any]]
"""Named arrays; dimension 0 of each is the batch."""


class ModelError(Exception):
    """Base of everything that is wrong with a model folder."""


class CardError(ModelError):
    """``model.toml`` is missing, unreadable or incomplete."""


class HashMismatchError(ModelError):
    """A file of a model is not the one that its card describes."""


class MissingFileError(ModelError):
    """A file of a model cannot be read."""


@dataclass(frozen=True, slots=True)
class TensorSpec:
    """An input or output: ``shape`` holds fixed sizes and names of free dimensions."""

    name: str
    dtype: str
    shape: tuple[int | str, ...]


@dataclass(frozen=True, slots=True)
class ModelCard:
    """What ``model.toml`` says.

    ``files`` are the hashes of what the model needs beside its graph, such as a tokenizer.
    ``cpu_rows`` is how many rows of a batch the processor runs at a time, where more outgrow its
    caches; None runs all of them. On a GPU a batch is one run.
    """

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
    cpu_rows: int | None
    calibration: Calibration
    parity_tolerance: float
    metrics: Mapping[str, Any]
    files: Mapping[str, str]

    @property
    def path(self) -> Path:
        """The ONNX file."""
        return self.folder / "model.onnx"

    def graph(self) -> bytes:
        """Return the ONNX graph, once it is known to be the one of the card.

        Raises:
            HashMismatchError: it is another one.
            MissingFileError: it cannot be read.
        """
        return verified(self.path, self.sha256)

    def file(self, name: str) -> bytes:
        """Return one of ``files``, once it is known to be the one of the card.

        Raises:
            HashMismatchError: it is another one, or the card does not know it.
            MissingFileError: it cannot be read.
        """
        return verified(self.folder / name, self.files.get(name, ""))

    @property
    def fixed_rows(self) -> bool:
        """Whether every row of every input and output has one shape: only the batch is free."""
        specs = (*self.inputs, *self.outputs)
        return all(isinstance(size, int) for spec in specs for size in spec.shape[1:])

    @classmethod
    def read(cls, folder: Path) -> Self:
        """Read ``folder/model.toml``.

        Raises:
            CardError: the file is missing, is not TOML, or lacks a field or has one that is no good
                (which the message names).
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
                cpu_rows=batch.get("cpu_rows"),
                calibration=_calibration(raw.get("calibration", {})),
                parity_tolerance=raw["parity"]["tolerance"],
                metrics=raw.get("metrics", {}),
                files=raw.get("files", {}),
            )
        except (KeyError, TypeError, ValueError) as error:
            raise CardError(f"{folder.name}/model.toml: missing or malformed {error}") from error


def verified(path: Path, sha256: str) -> bytes:
    """Return the content of a model's file, once it is known to be the one of ``sha256``.

    Raises:
        HashMismatchError: it is another one.
        MissingFileError: it cannot be read.
    """
    # What is returned is what was hashed: the file is not opened again.
    try:
        content = path.read_bytes()
    except OSError as error:
        raise MissingFileError(f"{path.parent.name}: {path.name}: {error.strerror}") from error
    if hashlib.sha256(content).hexdigest() != sha256:
        raise HashMismatchError(f"{path.parent.name}: {path.name} does not match its sha256")
    return content


def _calibration(raw: Mapping[str, Any]) -> Calibration:
    return Calibration(raw.get("temperature", 1.0), raw.get("slope", 0.0))


def _tensor_specs(raw: list[dict[str, Any]]) -> tuple[TensorSpec, ...]:
    return tuple(TensorSpec(t["name"], t["dtype"], tuple(t["shape"])) for t in raw)
