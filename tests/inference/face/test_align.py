"""Squares of a frame: mapping points there and back, and cutting what they enclose."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from esapr.inference.face.align import (
    Region,
    box_of,
    cut,
    expression_picture,
    expression_region,
    eye_angle,
    region_around,
)

coordinates = st.floats(-2000, 2000, width=32)
regions = st.builds(
    Region,
    x=coordinates,
    y=coordinates,
    side=st.floats(8, 2000, width=32),
    angle=st.floats(-3.125, 3.125, width=32),
)
point_sets = st.lists(st.tuples(coordinates, coordinates), min_size=1, max_size=20).map(np.float32)


@given(regions, point_sets)
def test_points_come_back_from_a_region(region: Region, points: np.ndarray) -> None:
    back = region.points_in_frame(region.points_in_region(points))
    np.testing.assert_allclose(back, points, atol=0.05)


@given(point_sets, st.floats(-3.125, 3.125, width=32))
def test_a_region_around_points_holds_them_all(points: np.ndarray, angle: float) -> None:
    region = region_around(points, angle)
    if region.side > 1:
        inside = region.points_in_region(points)
        assert inside.min() > -0.01
        assert inside.max() < 1.01


@given(regions)
def test_moving_nowhere_changes_nothing(region: Region) -> None:
    moved = region.moved(0.0, 0.0, 1.0)
    assert (moved.side, moved.angle) == (region.side, region.angle)
    assert moved.x == pytest.approx(region.x, abs=0.01)
    assert moved.y == pytest.approx(region.y, abs=0.01)


def test_an_upright_cut_at_its_own_size_is_a_copy() -> None:
    frame = np.random.default_rng(0).integers(0, 256, (60, 80, 3), dtype=np.uint8)
    picture = cut(frame, Region(40.0, 30.0, 20.0), 20)
    np.testing.assert_array_equal(picture, frame[20:40, 30:50])


def test_a_turned_cut_stands_upright() -> None:
    """A bar that leans by a quarter turn is upright in a region with the same turn."""
    frame = np.zeros((100, 100, 3), dtype=np.uint8)
    frame[48:52, 20:80] = 255
    picture = cut(frame, Region(50.0, 50.0, 80.0, math.pi / 2), 80)
    assert picture[20:60, 40].min() == 255
    assert picture[40, :30].max() == 0


def test_a_cut_beyond_the_edge_repeats_the_edge() -> None:
    frame = np.full((20, 20, 3), 77, dtype=np.uint8)
    assert (cut(frame, Region(0.0, 0.0, 40.0), 48) == 77).all()


def test_a_large_face_is_averaged_down() -> None:
    """Single-pixel stripes become even grey instead of aliasing into broad bands."""
    frame = np.zeros((192, 192, 3), dtype=np.uint8)
    frame[:, ::2] = 255
    picture = expression_picture(frame, Region(96.0, 96.0, 192.0))
    assert picture.shape == (48, 48, 1)
    assert np.ptp(picture[4:-4, 4:-4]) <= 2


def test_the_expression_square_is_larger_and_higher_than_the_face() -> None:
    region = expression_region(Region(100.0, 100.0, 50.0))
    assert region.side == pytest.approx(58.5)
    assert region.x == pytest.approx(100.0)
    assert region.y == pytest.approx(100.0 - 0.069 * 58.5)


def test_level_eyes_have_no_angle_and_a_head_on_its_side_a_right_angle() -> None:
    assert eye_angle(np.float32([10, 50]), np.float32([90, 50])) == 0.0
    assert eye_angle(np.float32([50, 10]), np.float32([50, 90])) == pytest.approx(math.pi / 2)


def test_a_box_is_in_fractions_of_each_axis() -> None:
    box = box_of(Region(160.0, 60.0, 80.0), 320, 240)
    assert (box.left, box.top) == (0.375, pytest.approx(20 / 240))
    assert (box.width, box.height) == (0.25, pytest.approx(1 / 3))
