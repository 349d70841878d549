"""A network's points: when they are a face's, and the square around them."""

import numpy as np
import pytest

from esapr.inference.face.landmarks import faces_present, mesh_regions


def test_the_region_turns_with_the_eyes() -> None:
    points = np.full((1, 468, 2), 50.0, np.float32)
    points[0, 33], points[0, 263] = (40, 40), (60, 60)

    (region,) = mesh_regions(points).each()

    assert region.angle == pytest.approx(np.pi / 4)
    assert (region.x, region.y) == pytest.approx((50, 50))
    assert region.side == pytest.approx(20 * np.sqrt(2))


def test_presence_is_a_logit() -> None:
    logits = np.float32([[2.0], [-2.0], [1e9], [-1e9], [0.0]])

    assert faces_present(logits).tolist() == [True, False, True, False, True]
