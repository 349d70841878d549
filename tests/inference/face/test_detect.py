"""Boxes from the detector's outputs, and where the frame lies in its picture."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from esapr.inference.face.detect import DETECTOR_SIDE, faces, letterboxed, merge, overlap

ANCHORS = 896


def row(x: float, y: float, size: float) -> np.ndarray:
    """A box with level eyes."""
    keypoints = [x - size / 5, y - size / 5, x + size / 5, y - size / 5, *([x, y] * 4)]
    return np.float32([x, y, size, size, *keypoints])


def outputs(rows: dict[int, tuple[np.ndarray, float]]) -> tuple[np.ndarray, np.ndarray]:
    """A detector's outputs: the given rows with their logits, nothing elsewhere."""
    boxes = np.zeros((ANCHORS, 16), dtype=np.float32)
    scores = np.full((ANCHORS, 1), -100.0, dtype=np.float32)
    for index, (box, logit) in rows.items():
        boxes[index], scores[index] = box, logit
    return boxes, scores


@given(st.integers(1, 800), st.integers(1, 800), st.sampled_from([0.0, 0.25]))
def test_a_frame_of_any_shape_fits_the_square(width: int, height: int, margin: float) -> None:
    frame = np.full((height, width, 3), 255, dtype=np.uint8)
    picture, letterbox = letterboxed(frame, margin)
    assert picture.shape == (DETECTOR_SIDE, DETECTOR_SIDE, 3)
    filled = np.argwhere(picture[..., 0])
    corners = np.float32([filled.min(axis=0)[::-1], filled.max(axis=0)[::-1] + 1]) / DETECTOR_SIDE
    np.testing.assert_allclose(letterbox.in_frame(corners), [[0, 0], [1, 1]], atol=1e-5)


def test_an_empty_picture_has_no_face() -> None:
    _, letterbox = letterboxed(np.zeros((240, 320, 3), dtype=np.uint8))
    assert faces(*outputs({}), letterbox, 320, 240) == []


def test_boxes_return_to_pixels_of_the_frame() -> None:
    _, letterbox = letterboxed(np.zeros((240, 320, 3), dtype=np.uint8))
    (found,) = faces(*outputs({5: (row(0.5, 0.5, 0.25), 4.0)}), letterbox, 320, 240)
    assert (found.face.x, found.face.y) == (pytest.approx(160), pytest.approx(120))
    assert found.face.side == pytest.approx(80)
    assert found.face.angle == pytest.approx(0)
    assert found.keypoints[0] == pytest.approx([144, 104])
    assert found.confidence == pytest.approx(0.982, abs=1e-3)


def test_the_largest_face_comes_first() -> None:
    _, letterbox = letterboxed(np.zeros((100, 100, 3), dtype=np.uint8))
    rows = {1: (row(0.2, 0.2, 0.1), 5.0), 2: (row(0.7, 0.7, 0.4), 1.0)}
    sides = [round(found.face.side) for found in faces(*outputs(rows), letterbox, 100, 100)]
    assert sides == [40, 10]


def test_overlapping_boxes_become_their_weighted_mean() -> None:
    boxes = np.stack([row(0.50, 0.5, 0.2), row(0.53, 0.5, 0.2), row(0.9, 0.9, 0.1)])
    merged = merge(boxes, np.array([0.9, 0.6, 0.7]))
    assert [round(sure, 2) for _, sure in merged] == [0.9, 0.7]
    assert merged[0][0][0] == pytest.approx((0.5 * 0.9 + 0.53 * 0.6) / 1.5)


@given(st.lists(st.tuples(*[st.floats(-1, 2, width=32)] * 3), max_size=30))
def test_merging_ends_and_never_adds_faces(boxes: list[tuple[float, float, float]]) -> None:
    rows = np.stack([row(*box) for box in boxes]) if boxes else np.zeros((0, 16), np.float32)
    assert len(merge(rows, np.full(len(rows), 0.8))) <= len(rows)


def test_overlap_of_equal_disjoint_and_half_covered_boxes() -> None:
    one = np.float32([0.5, 0.5, 0.2, 0.2])
    many = np.float32([[0.5, 0.5, 0.2, 0.2], [0.9, 0.9, 0.2, 0.2], [0.6, 0.5, 0.2, 0.2]])
    assert overlap(one, many) == pytest.approx([1, 0, 1 / 3], abs=1e-5)
