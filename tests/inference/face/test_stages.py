"""A batch of faces is read like each of them alone, whatever its neighbours are."""

from pathlib import Path

import cv2
import numpy as np
import pytest

from esapr.inference.batching import BatchLimits
from esapr.inference.cards import Arrays
from esapr.inference.devices import Device
from esapr.inference.face.align import Region
from esapr.inference.face.expression import ExpressionReader
from esapr.inference.face.stages import DetectorStage, Face, FaceStage, Look, Search
from esapr.inference.models import Model
from esapr.inference.stages import Answers, Network
from tests.inference.batch_models import TakesAnyArrays
from tests.inference.face import one_by_one
from tests.serving import models

PORTRAIT = Path(__file__).parents[2] / "data" / "astronaut.jpg"
FACE = Region(160.0, 105.0, 150.0)
EMPTY = np.full((240, 320, 3), 120, np.uint8)
LIMITS = BatchLimits(buckets=(1, 2, 4, 8), max_wait=0.0, max_pending=8, use_by=1.0)


class WithoutMaps(TakesAnyArrays):
    """An expression network of a deployment's own, which has logits only."""

    name = "face_expression"

    def run(self, batch: Arrays, device: int) -> Arrays:
        return {"logits": models()["face_expression"].run(batch)["logits"]}


class Recorded(TakesAnyArrays):
    """A network of the zoo that remembers how many rows it was given."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.rows: list[int] = []

    def run(self, batch: Arrays, device: int) -> Arrays:
        self.rows.append(len(batch["image"]))
        return models()[self.name].run(batch)


def stage(
    landmarks: Recorded | None = None,
    expression: Recorded | WithoutMaps | None = None,
    largest: int = 8,
) -> FaceStage:
    card = models()["face_expression"].card
    buckets = tuple(size for size in LIMITS.buckets if size <= largest)
    return FaceStage(
        Network("face_landmarks", landmarks or Recorded("face_landmarks"), LIMITS),
        Network(
            "face_expression",
            expression or Recorded("face_expression"),
            BatchLimits(buckets, 0.0, 8, 1.0),
        ),
        ExpressionReader(card.labels, card.calibration),
    )


@pytest.fixture(scope="module")
def looks() -> list[Look]:
    """The portrait at several turns, sizes and places; dark; and in a frame of another size."""
    portrait = cv2.cvtColor(cv2.imread(str(PORTRAIT)), cv2.COLOR_BGR2RGB)
    found = []
    for turn, size, right in ((0, 1.0, 0), (-25, 0.8, 30), (20, 1.2, -20), (8, 0.4, 60)):
        matrix = cv2.getRotationMatrix2D((FACE.x, FACE.y), turn, size)
        matrix[0, 2] += right
        frame = cv2.warpAffine(portrait, matrix, (320, 240), borderMode=cv2.BORDER_REPLICATE)
        region = Region(FACE.x + right, FACE.y, FACE.side * size, np.deg2rad(-turn))
        found.append(Look(frame, region))
    large = cv2.resize(portrait, (960, 720))
    return [
        *found,
        Look(portrait // 5, FACE),
        Look(large, Region(FACE.x * 3, FACE.y * 3, FACE.side * 3)),
    ]


def same(face: Face | None, reference: one_by_one.Reading) -> None:
    assert face is not None
    # Pictures may differ by a grey level where rounding does, and what follows accordingly.
    np.testing.assert_allclose(face.landmarks, reference.landmarks, atol=1e-3)
    np.testing.assert_allclose(face.probs, reference.probs, atol=0.01)
    assert face.eye_ratio == pytest.approx(reference.eye_ratio, abs=0.01)
    assert face.quality == reference.quality
    box = face.box
    assert (box.left, box.top, box.width, box.height) == pytest.approx(reference.box, abs=1e-3)


def test_a_batch_is_read_as_one_by_one(looks: list[Look]) -> None:
    answers = stage().run(looks, 0)

    for look, face in zip(looks, answers.values, strict=True):
        same(face, one_by_one.read(look.rgb, look.region))
    assert len({face.quality for face in answers.values if face}) > 1


def test_fixed_buffers_that_held_other_faces_read_the_same(looks: list[Look]) -> None:
    card = models()["face_expression"].card
    landmarks, expression = (
        Network(name, Model(models()[name].card, devices=[Device(bound=True)]), LIMITS)
        for name in ("face_landmarks", "face_expression")
    )
    on_device = FaceStage(landmarks, expression, ExpressionReader(card.labels, card.calibration))
    on_device.run(looks[:4], 0)

    answers = on_device.run(looks[4:1:-1], 0)

    expected = stage().run(looks[4:1:-1], 0)
    for face, reference in zip(answers.values, expected.values, strict=True):
        assert face is not None
        assert reference is not None
        np.testing.assert_array_equal(face.landmarks, reference.landmarks)
        np.testing.assert_array_equal(face.probs, reference.probs)
        assert face.quality == reference.quality


def test_a_map_lies_over_the_turned_face_and_is_its_own_face_alone(looks: list[Look]) -> None:
    together, alone = stage().run(looks, 0), [stage().run([look], 0) for look in looks]

    for look, face, single in zip(looks, together.values, alone, strict=True):
        assert face is not None
        assert face.activation is not None
        assert face.activation.emotion == face.probs.argmax()
        reference = single.values[0]
        assert reference is not None
        assert reference.activation is not None
        np.testing.assert_allclose(face.activation.cells, reference.activation.cells, atol=1e-3)
        size = np.array(look.rgb.shape[1::-1])
        upper_left, upper_right, lower_left = face.activation.corners * size
        across = upper_right - upper_left
        assert np.degrees(np.arctan2(across[1], across[0])) == pytest.approx(
            np.degrees(face.mesh.angle), abs=1
        )
        assert across @ (lower_left - upper_left) == pytest.approx(0, abs=1)
        # 1.17 times BlazeFace's square, which is 0.89 of the mesh's.
        assert np.linalg.norm(across) == pytest.approx(1.17 * 0.89 * face.mesh.side, rel=0.01)
        centre = (upper_right + lower_left) / 2
        assert np.linalg.norm(centre - (face.mesh.x, face.mesh.y)) < 0.1 * face.mesh.side


def test_a_network_without_maps_reads_faces_all_the_same(looks: list[Look]) -> None:
    (face,) = stage(expression=WithoutMaps()).run(looks[:1], 0).values

    assert face is not None
    assert face.activation is None


def test_a_frame_without_a_face_answers_none_and_moves_nobody(looks: list[Look]) -> None:
    landmarks, expression = Recorded("face_landmarks"), Recorded("face_expression")
    empty = Look(EMPTY, FACE)

    answers = stage(landmarks, expression).run([empty, looks[0], empty, looks[1]], 0)

    assert [face is None for face in answers.values] == [True, False, True, False]
    same(answers.values[1], one_by_one.read(looks[0].rgb, looks[0].region))
    same(answers.values[3], one_by_one.read(looks[1].rgb, looks[1].region))
    assert (landmarks.rows, expression.rows) == ([4], [2])
    assert runs(answers) == [("face_landmarks", 4), ("face_expression", 2)]


def test_without_any_face_the_expression_network_does_not_run() -> None:
    expression = Recorded("face_expression")

    answers = stage(expression=expression).run([Look(EMPTY, FACE)], 0)

    assert list(answers.values) == [None]
    assert expression.rows == []
    assert runs(answers) == [("face_landmarks", 1)]


def test_a_batch_is_one_that_both_networks_take() -> None:
    assert stage(largest=2).limits.buckets == (1, 2)
    assert stage().limits == LIMITS


def test_the_square_around_the_landmarks_turns_with_the_head(looks: list[Look]) -> None:
    (face,) = stage().run(looks[1:2], 0).values
    assert face is not None
    low, high = face.landmarks.min(axis=0) * (320, 240), face.landmarks.max(axis=0) * (320, 240)
    assert face.mesh.angle == pytest.approx(np.deg2rad(25), abs=0.1)
    assert (face.mesh.x, face.mesh.y) == pytest.approx((low + high) / 2, abs=5)


def test_frames_of_different_sizes_are_searched_in_one_batch(looks: list[Look]) -> None:
    detector = Recorded("face_detector")
    network = Network("face_detector", detector, LIMITS)

    answers = DetectorStage(network).run(
        [Search(looks[0].rgb, 0.0), Search(EMPTY, 0.0), Search(looks[5].rgb, 0.25)], 0
    )

    small, none, large = answers.values
    assert none == []
    assert large[0].face.x == pytest.approx(3 * small[0].face.x, rel=0.05)
    assert large[0].face.side == pytest.approx(3 * small[0].face.side, rel=0.1)
    assert (detector.rows, runs(answers)) == ([3], [("face_detector", 3)])


def runs(answers: Answers[Face | None] | Answers[list[object]]) -> list[tuple[str, int]]:
    return [(run.model, run.size) for run in answers.runs]
