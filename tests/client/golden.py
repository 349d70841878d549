"""Golden messages as the types of the protocol."""

from pathlib import Path
from typing import TypeVar

import msgspec

WIRE = Path(__file__).parents[1] / "wire"
M = TypeVar("M", bound=msgspec.Struct)


def golden(name: str, kind: type[M]) -> M:
    """Return the golden message of a type."""
    return msgspec.json.decode((WIRE / f"{name}.json").read_bytes(), type=kind)
