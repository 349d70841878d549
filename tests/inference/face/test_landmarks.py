"""A network's points in the frame, and when they are a face."""

import numpy as np
import pytest

from esapr.inference.face.align import Region
from esapr.inference.face.landmarks import mesh

CENTRED = np.full((468, 3), 0.5, dtype=np.float32)


def test_fractions_of_the_picture_become_pixels_of_the_frame() -> None:
    found = mesh(CENTRED, np.float32([9.0]), Region(120.0, 80.0, 60.0, 0.7))
    np.testing.assert_allclose(found.points, np.full((468, 2), (120.0, 80.0)), atol=1e-3)


def test_the_region_turns_with_the_eyes() -> None:
    points = CENTRED.copy()
    points[33, :2], points[263, :2] = (0.4, 0.4), (0.6, 0.6)
    found = mesh(points, np.float32([9.0]), Region(50.0, 50.0, 100.0))
    assert found.region.angle == pytest.approx(np.pi / 4)


@pytest.mark.parametrize(
    ("logit", "is_face"), [(2.0, True), (-2.0, False), (1e9, True), (-1e9, False)]
)
def test_presence_is_a_logit(logit: float, is_face: bool) -> None:
    assert mesh(CENTRED, np.float32([logit]), Region(0, 0, 1)).is_face is is_face
