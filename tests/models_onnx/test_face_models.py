"""The shipped face models: each folder is what its card says, at every batch size."""

import numpy as np
import pytest

from esapr.inference.calibration import PLAIN
from esapr.inference.cards import ModelCard
from esapr.inference.emotions import LABELS
from esapr.inference.models import Model
from esapr.models_onnx import ROOT

NAMES = ("face_detector", "face_landmarks", "face_expression", "eye_iris")


@pytest.fixture(scope="module", params=NAMES)
def model(request: pytest.FixtureRequest) -> Model:
    return Model(ModelCard.read(ROOT / request.param))


def test_the_graph_reproduces_its_reference(model: Model) -> None:
    assert model.verify() <= model.card.parity_tolerance


def test_a_batch_gives_what_its_pictures_give_alone(model: Model) -> None:
    shape = model.card.inputs[0].shape[1:]
    pictures = np.random.default_rng(3).integers(0, 256, (5, *shape), dtype=np.uint8)
    together = model.run({"image": pictures})
    for index, picture in enumerate(pictures):
        for name, alone in model.run({"image": picture[None]}).items():
            np.testing.assert_allclose(together[name][index], alone[0], rtol=1e-3, atol=1e-3)


def test_every_bucket_runs(model: Model) -> None:
    model.warm_up()


def test_a_card_stands_beside_each_model(model: Model) -> None:
    card = (model.card.folder / "CARD.md").read_text(encoding="utf-8")
    assert "recruitment" in card
    assert model.card.licence.split()[0] in card


def test_the_expression_model_names_our_classes_in_our_order() -> None:
    card = ModelCard.read(ROOT / "face_expression")
    assert card.labels == LABELS
    assert card.calibration != PLAIN


def test_the_class_activation_map_sums_to_the_logits_but_for_a_constant() -> None:
    model = Model(ModelCard.read(ROOT / "face_expression"))
    rng = np.random.default_rng(5)
    smooth = np.kron(rng.integers(0, 256, (6, 6, 6)), np.ones((1, 8, 8)))
    outputs = model.run({"image": smooth.astype(np.uint8)[..., None]})

    biases = outputs["logits"] - outputs["activation"].sum(axis=(2, 3))

    # The pooled features are eight bits wide, the map's are not pooled.
    np.testing.assert_allclose(biases, np.broadcast_to(biases[0], biases.shape), atol=0.05)
    assert np.ptp(outputs["logits"]) > 1
