"""Eyes drawn where they would be seen, and a portrait that looks into the camera."""

import math

import cv2
import numpy as np
import pytest

from esapr.inference.face.align import Region
from esapr.inference.face.gaze import (
    IRIS_WIDTH,
    LEFT_CORNERS,
    RIGHT_CORNERS,
    RISE,
    TO_CORNERS,
    TO_IRIS,
    Eye,
    GazeTracker,
    direction,
    eye_at,
    readable_eye,
)
from esapr.inference.face.stages import EyeLook, Face, IrisStage, Look
from esapr.inference.signals import Gaze, HeadPose
from esapr.inference.stages import Network
from tests.inference.face.test_stages import FACE, LIMITS, PORTRAIT, Recorded, stage

AHEAD = HeadPose(0.0, 0.0, 0.0)
OPEN = 0.32


def points(scale: float = 1.0, left_scale: float = 1.0) -> np.ndarray:
    """Return FaceMesh points with level eyes, 30 pixels wide: a millimetre is a pixel."""
    found = np.zeros((468, 2), np.float32)
    found[list(RIGHT_CORNERS)] = np.array([[100, 100], [130, 100]]) * scale
    found[list(LEFT_CORNERS)] = np.array([[160, 100], [160 + 30 * left_scale, 100]]) * scale
    return found


def sight(yaw: float, pitch: float) -> np.ndarray:
    """Return x and y of a unit vector of that direction, y down."""
    yaw, pitch = math.radians(yaw), math.radians(pitch)
    return np.array([math.cos(pitch) * math.sin(yaw), -math.sin(pitch)])


def iris(
    looks: tuple[float, float], eye: Eye, head: HeadPose = AHEAD, millimetre: float = 1.0
) -> np.ndarray:
    """Return the points of an iris that looks there, seen from far away."""
    angle = eye.region.angle
    up = np.array([math.sin(angle), -math.cos(angle)])
    ball = up * RISE - TO_CORNERS * sight(head.yaw, head.pitch)
    middle = np.array([eye.region.x, eye.region.y]) + millimetre * (ball + TO_IRIS * sight(*looks))
    half = IRIS_WIDTH / 2 * millimetre
    rim = np.array([[0, 0], [half, 0], [0, -half], [-half, 0], [0, half]])
    return np.asarray(middle + rim, np.float32)


@pytest.mark.parametrize("looks", [(0, 0), (20, 0), (-15, 0), (0, 15), (10, -25)])
@pytest.mark.parametrize("head", [AHEAD, HeadPose(25, 0, 0), HeadPose(-10, -20, 0)])
def test_an_eye_looks_where_it_was_drawn_to_look(
    looks: tuple[float, float], head: HeadPose
) -> None:
    eye = eye_at(points(), RIGHT_CORNERS)

    assert direction(iris(looks, eye, head), eye, head) == pytest.approx(looks, abs=0.01)


def test_an_iris_in_the_middle_looks_into_the_camera_of_a_straight_head() -> None:
    eye = eye_at(points(), LEFT_CORNERS)
    # Eyes lie above the line between their corners: a little below them is down.
    lower = pytest.approx((0, -math.degrees(math.asin(RISE / TO_IRIS))), abs=0.01)

    assert direction(iris((0, 0), eye) + np.float32([0, RISE]), eye, AHEAD) == lower


def test_mirrored_points_look_to_the_other_side() -> None:
    eye = eye_at(points(), RIGHT_CORNERS)
    seen = iris((14, 6), eye)
    other = Eye(Region(-eye.region.x, eye.region.y, eye.region.side, -eye.region.angle), True)

    assert direction(seen * [-1, 1], other, AHEAD) == pytest.approx((-14, 6), abs=0.01)


def test_size_and_roll_do_not_matter() -> None:
    turn = np.array([[0.8, -0.6], [0.6, 0.8]])
    eye = eye_at(np.asarray(points(3.0) @ turn.T, np.float32), RIGHT_CORNERS)
    assert eye.region.angle == pytest.approx(math.atan2(0.6, 0.8), abs=1e-3)

    seen = iris((-12, 9), eye, millimetre=3.0)

    assert direction(seen, eye, AHEAD) == pytest.approx((-12, 9), abs=0.01)


def test_what_cannot_be_an_iris_has_no_direction() -> None:
    eye = eye_at(points(), RIGHT_CORNERS)
    assert direction(np.full((5, 2), 1000, np.float32), eye, AHEAD) is None
    assert direction(iris((0, 0), eye, millimetre=0.7), eye, AHEAD) is None
    # An eye turns by 45 degrees in its head at most.
    assert direction(iris((50, 0), eye), eye, AHEAD) is None
    assert direction(iris((-30, 0), eye, HeadPose(25, 0, 0)), eye, HeadPose(25, 0, 0)) is None


def test_an_iris_that_cannot_be_leaves_the_last_gaze_as_it_was() -> None:
    tracker = GazeTracker()
    before = looked(tracker, 28.0, 0.0)
    assert looked(tracker, 60.0, 1.0) == before
    assert looked(tracker, 60.0, 2.0) is None


def test_the_eye_that_is_turned_to_the_camera_is_read() -> None:
    right = readable_eye(points(left_scale=0.7), HeadPose(15, 0, 0), OPEN)
    left = readable_eye(points(left_scale=1.3), HeadPose(-15, 0, 0), OPEN)

    assert right == eye_at(points(), RIGHT_CORNERS)
    assert not right.mirrored
    assert left is not None
    assert left.mirrored


@pytest.mark.parametrize(
    ("scale", "head", "ratio"),
    [
        (1.0, AHEAD, 0.15),
        (0.3, AHEAD, OPEN),
        (1.0, HeadPose(35, 0, 0), OPEN),
        (1.0, HeadPose(0, -40, 0), OPEN),
    ],
    ids=["shut", "small", "turned", "bowed"],
)
def test_what_cannot_be_read_is_not(scale: float, head: HeadPose, ratio: float) -> None:
    assert readable_eye(points(scale), head, ratio) is None


def looked(tracker: GazeTracker, yaw: float, at: float) -> Gaze | None:
    """Let an eye be read if it is time to."""
    eye = tracker.eye(points(), AHEAD, OPEN, 1, at)
    if eye:
        tracker.seen(iris((yaw, 0), eye), eye, AHEAD, at)
    return tracker.at(at)


def test_an_eye_is_read_once_a_second() -> None:
    tracker = GazeTracker()
    asked = [tracker.eye(points(), AHEAD, OPEN, 1, step / 10) is not None for step in range(25)]
    assert [step for step, due in enumerate(asked) if due] == [0, 10, 20]


def test_eyes_that_are_shut_when_it_is_time_are_read_when_they_open() -> None:
    tracker = GazeTracker()
    assert tracker.eye(points(), AHEAD, 0.1, 1, 0.0) is None
    assert tracker.eye(points(), AHEAD, OPEN, 1, 0.2) is not None


def test_a_gaze_between_the_thresholds_stays_what_it_was() -> None:
    tracker = GazeTracker()
    found = [looked(tracker, yaw, at) for at, yaw in enumerate([22.0, 28.0, 22.0, -18.0, -22.0])]
    assert [gaze.away for gaze in found if gaze] == [False, True, True, False, False]


def test_a_gaze_that_no_other_follows_is_forgotten() -> None:
    tracker = GazeTracker()
    assert looked(tracker, 28.0, 0.0) is not None
    assert tracker.at(1.9) is not None
    assert tracker.at(2.0) is None


def test_another_face_begins_anew() -> None:
    tracker = GazeTracker()
    looked(tracker, 28.0, 0.0)

    assert tracker.eye(points(), AHEAD, OPEN, 2, 0.1) is not None
    assert tracker.at(0.1) is None


def faces(*pictures: np.ndarray) -> list[Face]:
    places = [FACE, Region(320 - FACE.x, FACE.y, FACE.side)]
    looks = [Look(rgb, place) for rgb, place in zip(pictures, places, strict=False)]
    return [face for face in stage().run(looks, 0).values if face]


def test_a_portrait_looks_into_the_camera_and_its_mirror_image_to_the_other_side() -> None:
    portrait = cv2.cvtColor(cv2.imread(str(PORTRAIT)), cv2.COLOR_BGR2RGB)
    pictures = portrait, np.ascontiguousarray(portrait[:, ::-1])
    network = Recorded("eye_iris")
    sights = []
    for corners in (RIGHT_CORNERS, LEFT_CORNERS):
        for rgb, face in zip(pictures, faces(*pictures), strict=True):
            eye = eye_at(face.landmarks * np.float32([320, 240]), corners)
            sights.append((EyeLook(rgb, eye), face.head))

    answers = IrisStage(Network("eye_iris", network, LIMITS)).run([look for look, _ in sights], 0)

    assert network.rows == [4]
    assert [(run.model, run.size) for run in answers.runs] == [("eye_iris", 4)]
    found = np.array(
        [
            direction(seen, look.eye, head)
            for seen, (look, head) in zip(answers.values, sights, strict=True)
        ]
    )
    assert np.abs(found).max() < 20
    right, right_mirrored, left, left_mirrored = found
    # What is a right eye is a left one in the mirror.
    assert left_mirrored == pytest.approx(right * [-1, 1], abs=4)
    assert right_mirrored == pytest.approx(left * [-1, 1], abs=4)
    assert right == pytest.approx(left, abs=8)
    for seen, (look, _) in zip(answers.values, sights, strict=True):
        assert np.hypot(*(seen[0] - (look.eye.region.x, look.eye.region.y))) < 5
        assert 5 < np.hypot(*(seen[1] - seen[3])) < 12
