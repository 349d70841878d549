"""Squares of a frame: mapping points there and back, and cutting what they enclose."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from esapr.inference.face.align import (
    Region,
    Regions,
    boxes_of,
    cut,
    expression_regions,
    eye_angles,
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


def around(points: np.ndarray, angle: float) -> Region:
    (region,) = Regions.around(points[None], np.array([angle])).each()
    return region


def in_region(points: np.ndarray, region: Region) -> np.ndarray:
    """Pixels of the frame as fractions of the square, by the definition of a turn."""
    cosine, sine = math.cos(region.angle), math.sin(region.angle)
    across, down = (points.astype(np.float64) - (region.x, region.y)).T
    return np.stack([across * cosine + down * sine, down * cosine - across * sine], 1) / region.side


@given(st.lists(regions, min_size=1, max_size=4), point_sets)
def test_points_come_back_from_every_region(many: list[Region], points: np.ndarray) -> None:
    fractions = np.stack([in_region(points, region) + 0.5 for region in many]).astype(np.float32)
    back = Regions.of(many).points_in_frame(fractions)
    for row in back:
        np.testing.assert_allclose(row, points, atol=0.05)


@given(point_sets, st.floats(-3.125, 3.125, width=32))
def test_a_region_around_points_holds_them_all(points: np.ndarray, angle: float) -> None:
    region = around(points, angle)
    if region.side > 1:
        inside = in_region(points, region)
        assert abs(inside).max() < 0.51


@given(st.lists(regions, min_size=1, max_size=4))
def test_moving_nowhere_changes_nothing(many: list[Region]) -> None:
    assert Regions.of(many).moved(0.0, 0.0, 1.0).each() == many


def test_a_turned_square_moves_along_its_own_axes() -> None:
    upright, turned = (
        Regions.of([Region(100.0, 50.0, 20.0), Region(100.0, 50.0, 20.0, math.pi / 2)])
        .moved(0.5, 0.25, 2.0)
        .each()
    )
    assert (upright.x, upright.y, upright.side) == (110.0, 55.0, 40.0)
    assert (turned.x, turned.y, turned.side) == pytest.approx((95.0, 60.0, 40.0))


def colours(side: int) -> np.ndarray:
    return np.empty((side, side, 3), np.uint8)


def test_an_upright_cut_at_its_own_size_is_a_copy() -> None:
    frame = np.random.default_rng(0).integers(0, 256, (60, 80, 3), dtype=np.uint8)
    picture = cut(frame, Region(40.0, 30.0, 20.0), colours(20))
    np.testing.assert_array_equal(picture, frame[20:40, 30:50])


def test_a_turned_cut_stands_upright() -> None:
    """A bar that leans by a quarter turn is upright in a region with the same turn."""
    frame = np.zeros((100, 100, 3), dtype=np.uint8)
    frame[48:52, 20:80] = 255
    picture = cut(frame, Region(50.0, 50.0, 80.0, math.pi / 2), colours(80))
    assert picture[20:60, 40].min() == 255
    assert picture[40, :30].max() == 0


def test_a_cut_beyond_the_edge_repeats_the_edge() -> None:
    frame = np.full((20, 20, 3), 77, dtype=np.uint8)
    assert (cut(frame, Region(0.0, 0.0, 40.0), colours(48)) == 77).all()


@given(regions, st.sampled_from([20, 48]))
def test_a_cut_is_the_frame_at_each_pixel_of_the_square(region: Region, side: int) -> None:
    """A frame that says where it is: two ramps, whose values are known between pixels as well."""
    down, right = np.mgrid[0:120, 0:160].astype(np.uint8)
    region = Region(80 + region.x / 25, 60 + region.y / 33, region.side / 10, region.angle)
    picture = cut(np.dstack([right, down, right]), region, colours(side))
    fractions = (np.mgrid[0:side, 0:side][::-1].reshape(2, -1).T + 0.5) / side
    expected = Regions.of([region]).points_in_frame(fractions[None].astype(np.float32))[0] - 0.5
    inside = ((expected > 4) & (expected < (155, 115))).all(axis=1)
    found = picture.reshape(-1, 3)[:, :2]
    np.testing.assert_allclose(found[inside], expected[inside], atol=1.01)


def test_a_large_face_is_averaged_down() -> None:
    """Single-pixel stripes become even grey instead of aliasing into broad bands."""
    frame = np.zeros((192, 192, 3), dtype=np.uint8)
    frame[:, ::2] = 255
    picture = cut(frame, Region(96.0, 96.0, 192.0), np.empty((48, 48, 1), np.uint8))
    assert np.ptp(picture[4:-4, 4:-4]) <= 2


def test_the_expression_square_is_larger_and_higher_than_the_face() -> None:
    (region,) = expression_regions(Regions.of([Region(100.0, 100.0, 50.0)])).each()
    assert region.side == pytest.approx(58.5)
    assert region.x == pytest.approx(100.0)
    assert region.y == pytest.approx(100.0 - 0.069 * 58.5)


def test_level_eyes_have_no_angle_and_a_head_on_its_side_a_right_angle() -> None:
    right, left = np.float32([[10, 50], [50, 10]]), np.float32([[90, 50], [50, 90]])
    assert eye_angles(right, left) == pytest.approx([0.0, math.pi / 2])


def test_a_box_is_in_fractions_of_each_axis_of_its_own_frame() -> None:
    squares = Regions.of([Region(160.0, 60.0, 80.0)] * 2)
    small, large = boxes_of(squares, np.float32([[320, 240], [640, 480]]))
    assert (small.left, small.top) == pytest.approx((0.375, 20 / 240))
    assert (small.width, small.height) == pytest.approx((0.25, 1 / 3))
    assert (large.left, large.width) == pytest.approx((0.1875, 0.125))
