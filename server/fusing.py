"""The weights of a deployment, or those that are shipped."""

from pathlib import Path
from typing import Literal

from esapr.inference.fusion import FusionConfig
from esapr.inference.reliability import FusionFileError, Learned, parse, shipped
from esapr.server.config import ConfigError, ServerConfig


def open_fusion(config: ServerConfig) -> FusionConfig:
    """Return how a server fuses.

    Raises:
        ConfigError: ``fusion_file`` cannot be read, or is malformed.
    """
    smoothing: Literal["exponential", "bayes"] = (
        "bayes" if config.smoothing == "bayes" else "exponential"
    )
    return FusionConfig(
        _learned(config.fusion_file),
        smoothing=smoothing,
        smoothing_half_life=config.smoothing_half_life,
    )


def _learned(file: str | None) -> Learned:
    if file is None:
        return shipped()
    try:
        return parse(Path(file).expanduser().read_text("utf-8"))
    except (OSError, UnicodeDecodeError, FusionFileError) as error:
        raise ConfigError(f"fusion_file: {error}") from error
