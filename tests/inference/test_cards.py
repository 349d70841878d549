"""A card that says nonsense is refused by name."""

from pathlib import Path

import pytest

from esapr.inference.cards import CardError, ModelCard
from esapr.models_onnx import ROOT


@pytest.mark.parametrize(
    ("line", "nonsense"),
    [("temperature = ", "temperature = 0.0 # "), ("slope = ", "slope = -1 # ")],
)
def test_a_calibration_that_is_no_good_is_named(tmp_path: Path, line: str, nonsense: str) -> None:
    card = (ROOT / "face_expression" / "model.toml").read_text(encoding="utf-8")
    (tmp_path / "model.toml").write_text(card.replace(line, nonsense), encoding="utf-8")
    with pytest.raises(CardError, match=line.partition(" ")[0]):
        ModelCard.read(tmp_path)
