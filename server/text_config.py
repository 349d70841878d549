"""Settings of what is made of text."""

from dataclasses import dataclass

from esapr.server.traces_config import TracesConfig


@dataclass(frozen=True, slots=True)
class TextConfig(TracesConfig):
    """Which lines are scored."""

    any_language: bool = False
    """Score lines in other languages too, although the model reads English only."""
