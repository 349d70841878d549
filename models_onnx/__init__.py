"""The model zoo: one folder a model, each with ``model.onnx``, ``model.toml`` and ``CARD.md``."""

from importlib.resources import files
from pathlib import Path

ROOT = Path(str(files(__name__)))

LANGUAGES = ROOT / "text_language" / "lid.176.ftz"
"""fastText's network that tells languages apart; no ONNX, hence none of :func:`folders`."""


def folders() -> dict[str, Path]:
    """Return the folder of every installed model by name, sorted."""
    return {path.parent.name: path.parent for path in sorted(ROOT.glob("*/model.toml"))}
