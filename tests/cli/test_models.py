"""``esapr models evaluate``: the figures are those of the shipped file on the faces it is given."""

import json
import os
from pathlib import Path

import cv2
import numpy as np
import pytest
from click.testing import CliRunner

from esapr.cli.models import models
from esapr.inference.cards import ModelCard
from esapr.inference.emotions import LABELS
from esapr.inference.models import Model
from esapr.models_onnx import ROOT
from tests.programs import missing

FACES = 40
SPLIT_OF_TEST = 2


@pytest.fixture(scope="module")
def pictures() -> np.ndarray:
    return np.random.default_rng(11).integers(0, 256, (FACES, 48, 48), dtype=np.uint8)


@pytest.fixture(scope="module")
def labels(pictures: np.ndarray) -> np.ndarray:
    """What the shipped model says of each picture."""
    model = Model(ModelCard.read(ROOT / "face_expression"))
    return np.asarray(model.run({"image": pictures[..., None]})["logits"].argmax(axis=1))


def write_set(folder: Path, pictures: np.ndarray, labels: np.ndarray, keep: np.ndarray) -> None:
    mosaic = np.zeros((48, 200 * 48), np.uint8)
    for at, picture in enumerate(pictures):
        mosaic[:, at * 48 : at * 48 + 48] = picture
    cv2.imwrite(str(folder / "fer2013_mosaic.png"), mosaic)
    votes = np.zeros((FACES, 10), np.uint8)
    votes[:, 1] = 10  # happiness, ten of ten
    np.savez(
        folder / "fer2013_labels.npz",
        keep=keep,
        split=np.full(FACES, SPLIT_OF_TEST),
        label=labels,
        class_names=np.array(LABELS),
        ferplus_votes=votes,
    )


def evaluate(folder: Path, *options: str) -> dict[str, float]:
    arguments = ["evaluate", "face-expression", "--data", str(folder), "--json", *options]
    outcome = CliRunner().invoke(models, arguments)
    assert outcome.exit_code == 0, outcome.output
    answer: dict[str, float] = json.loads(outcome.stdout)
    return answer


def test_accuracy_leaves_duplicates_out_and_accuracy_full_counts_them(
    tmp_path: Path, pictures: np.ndarray, labels: np.ndarray
) -> None:
    keep = np.arange(FACES) < 30
    wrong = np.where(keep, labels, (labels + 1) % 7)
    write_set(tmp_path, pictures, wrong, keep)

    answer = evaluate(tmp_path)

    assert (answer["faces"], answer["faces_full"]) == (30, FACES)
    assert answer["accuracy"] == 1.0
    assert answer["accuracy_full"] == 0.75
    assert answer["ferplus_agreement"] == (labels[keep] == LABELS.index("happy")).mean()
    assert answer["ms_per_item"] > 0


def test_robustness_spoils_the_pictures_and_mirrors_them(
    tmp_path: Path, pictures: np.ndarray, labels: np.ndarray
) -> None:
    write_set(tmp_path, pictures, labels, np.ones(FACES, bool))

    table = evaluate(tmp_path, "--robustness")["robustness"]

    assert isinstance(table, dict)
    assert table.pop("plain") == 1.0
    assert all(0 <= share <= 1 for share in table.values())
    assert min(table.values()) < 1.0


def test_a_folder_without_the_set_is_named(tmp_path: Path) -> None:
    outcome = CliRunner().invoke(models, ["evaluate", "face-expression", "--data", str(tmp_path)])

    assert outcome.exit_code == 2
    assert "fer2013_labels.npz" in outcome.output


def test_the_card_states_what_the_shipped_file_measures() -> None:
    folder = Path(os.environ.get("ESAPR_DATA", "../shared/data")) / "face"
    if not folder.is_dir():
        missing("FER2013, in the folder face/ of ESAPR_DATA")
    card = ModelCard.read(ROOT / "face_expression").metrics["fer2013_private_test"]

    answer = evaluate(folder)

    # Convolutions round differently from one processor to the next.
    assert answer["accuracy"] == pytest.approx(card["accuracy"], abs=0.002)
    assert answer["accuracy_full"] == pytest.approx(card["accuracy_full"], abs=0.002)
    assert answer["macro_f1"] == pytest.approx(card["macro_f1"], abs=0.003)
    assert answer["ece"] == pytest.approx(card["ece_15_bins"], abs=0.003)
    assert answer["ferplus_agreement"] == pytest.approx(
        card["ferplus_clear_majority_accuracy"], abs=0.002
    )
