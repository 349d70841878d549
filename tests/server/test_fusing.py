"""How a server fuses: by the shipped weights or its own, and what a session may ask for."""

from pathlib import Path

import msgspec
import pytest

from esapr.inference.reliability import shipped
from esapr.inference.signals import Modality
from esapr.protocol import limits
from esapr.protocol.requests import SessionRequest
from esapr.server.config import ConfigError, ServerConfig
from esapr.server.fusing import open_fusion
from tests.inference.fusion_files import FILE


def test_without_a_file_the_learned_weights_count() -> None:
    fusion = open_fusion(ServerConfig())
    assert fusion.learned is shipped()
    assert (fusion.smoothing, fusion.smoothing_half_life) == ("exponential", 0.0)


def test_a_deployment_brings_its_own_weights_and_filter(tmp_path: Path) -> None:
    (tmp_path / "own.toml").write_text(FILE)
    config = ServerConfig(fusion_file=str(tmp_path / "own.toml"), smoothing="bayes")
    fusion = open_fusion(config)
    assert fusion.learned.modalities[Modality.VOICE].weight == 2.0
    assert fusion.smoothing == "bayes"


@pytest.mark.parametrize("content", ["version = 1", None])
def test_a_file_that_cannot_be_used_keeps_the_server_from_starting(
    tmp_path: Path, content: str | None
) -> None:
    if content:
        (tmp_path / "own.toml").write_text(content)
    with pytest.raises(ConfigError, match="fusion_file: "):
        open_fusion(ServerConfig(fusion_file=str(tmp_path / "own.toml")))


@pytest.mark.parametrize("wrong", [-1, limits.MAX_SMOOTHING_MS + 1])
def test_a_smoothing_out_of_range_is_refused(wrong: int) -> None:
    with pytest.raises(msgspec.ValidationError, match="smoothing_ms"):
        msgspec.convert({"smoothing_ms": wrong}, SessionRequest)
