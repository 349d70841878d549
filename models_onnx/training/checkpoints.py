"""What a stopped run goes on from."""

from pathlib import Path
from typing import Any

import torch


def save(folder: Path, state: dict[str, Any]) -> None:
    """Write ``state``: tensors and plain values. A reader never sees half a file."""
    torch.save(state, folder / "checkpoint.partial")
    (folder / "checkpoint.partial").rename(folder / "checkpoint.pt")


def load(folder: Path) -> dict[str, Any] | None:
    """Return what was saved last; None if nothing was."""
    if not (folder / "checkpoint.pt").exists():
        return None
    state: dict[str, Any] = torch.load(folder / "checkpoint.pt", weights_only=True)
    return state
