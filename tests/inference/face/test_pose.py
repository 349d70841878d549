"""Heads of known turn, and a portrait that is turned and mirrored."""

from pathlib import Path

import cv2
import numpy as np
import pytest

from esapr.inference.face.align import Region
from esapr.inference.face.blink import LEFT_EYE, RIGHT_EYE
from esapr.inference.face.pose import head_poses, mouth_ratios
from esapr.inference.face.stages import Face, Look
from esapr.inference.signals import HeadPose
from tests.inference.face.test_stages import stage

PORTRAIT = Path(__file__).parents[2] / "data" / "astronaut.jpg"
FACE = Region(160.0, 105.0, 150.0)


def turned(yaw: float, pitch: float, roll: float) -> np.ndarray:
    """Return the points of a flat face of that turn: ``[468, 3]``."""
    points = np.zeros((468, 3))
    points[list(RIGHT_EYE)], points[list(LEFT_EYE)] = (-1, -1, 0), (1, -1, 0)
    points[[61, 291]] = (-0.5, 1, 0), (0.5, 1, 0)
    y, p, r = np.radians([-yaw, -pitch, roll])
    about_y = [[np.cos(y), 0, np.sin(y)], [0, 1, 0], [-np.sin(y), 0, np.cos(y)]]
    about_x = [[1, 0, 0], [0, np.cos(p), -np.sin(p)], [0, np.sin(p), np.cos(p)]]
    about_z = [[np.cos(r), -np.sin(r), 0], [np.sin(r), np.cos(r), 0], [0, 0, 1]]
    turn = np.array(about_y) @ about_x @ about_z
    return np.asarray((points @ turn.T * 100 + 200).astype(np.float32))


def test_the_turn_of_each_head_is_found() -> None:
    turns = [(0, 0, 0), (20, 0, 0), (0, 15, 0), (0, 0, 30), (-35, 10, -25)]
    points = np.stack([turned(*each) for each in turns])

    for pose, turn in zip(head_poses(points[..., :2], points[..., 2]), turns, strict=True):
        assert (pose.yaw, pose.pitch, pose.roll) == pytest.approx(turn, abs=0.01)


def test_points_that_fall_together_have_no_turn() -> None:
    (pose,) = head_poses(np.zeros((1, 468, 2), np.float32), np.zeros((1, 468), np.float32))
    assert pose == HeadPose(0, 0, 0)


def test_a_mouth_is_as_open_as_its_inner_lips_are_apart() -> None:
    points = np.zeros((2, 468, 2), np.float32)
    points[:, 78], points[:, 308] = (10, 50), (50, 50)
    points[:, 13], points[:, 14] = (30, 50), (30, 50)
    points[1, 14] = (30, 60)
    assert mouth_ratios(points).tolist() == [0, 0.25]


def read(rgb: np.ndarray, region: Region) -> Face:
    (face,) = stage().run([Look(rgb, region)], 0).values
    assert face is not None
    return face


def test_a_portrait_is_turned_and_mirrored_like_its_picture() -> None:
    portrait = cv2.cvtColor(cv2.imread(str(PORTRAIT)), cv2.COLOR_BGR2RGB)
    head = read(portrait, FACE).head

    mirrored = read(portrait[:, ::-1].copy(), Region(320 - FACE.x, FACE.y, FACE.side)).head
    assert (mirrored.yaw, mirrored.pitch, mirrored.roll) == pytest.approx(
        (-head.yaw, head.pitch, -head.roll), abs=5
    )
    about = cv2.getRotationMatrix2D((FACE.x, FACE.y), -25, 1.0)
    picture = cv2.warpAffine(portrait, about, (320, 240), borderMode=cv2.BORDER_REPLICATE)
    clockwise = read(picture, Region(FACE.x, FACE.y, FACE.side, np.deg2rad(25))).head
    assert clockwise.roll == pytest.approx(head.roll + 25, abs=4)


def test_the_smile_of_the_portrait_is_open() -> None:
    portrait = cv2.cvtColor(cv2.imread(str(PORTRAIT)), cv2.COLOR_BGR2RGB)
    assert 0.05 < read(portrait, FACE).mouth_open < 0.5
