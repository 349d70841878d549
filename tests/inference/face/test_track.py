"""When the detector runs, and which of several faces is followed."""

import numpy as np

from esapr.inference.face.align import Region
from esapr.inference.face.detect import Detection
from esapr.inference.face.track import DETECT_EVERY, SAME_PERSON, FaceTrack

SIZE = (320, 240)


def face(x: float, side: float = 40.0) -> Detection:
    return Detection(Region(x, 100.0, side), np.zeros((6, 2), np.float32), 0.9)


def mesh(x: float, side: float = 40.0) -> Region:
    """The square around the landmarks of a face."""
    return Region(x, 100.0, side)


def test_a_new_track_needs_the_detector() -> None:
    assert FaceTrack().region(0.0) is None


def test_the_region_is_half_as_large_again_as_the_face() -> None:
    region = FaceTrack().detected([face(50)], 0.0, SIZE)
    assert region is not None
    assert region.side == 60


def test_landmarks_carry_the_region_to_the_next_frame() -> None:
    track = FaceTrack()
    track.detected([face(50)], 0.0, SIZE)
    track.seen(mesh(58), 0.1)
    region = track.region(0.2)
    assert region is not None
    assert round(region.x) == 58


def test_the_detector_runs_again_after_a_while() -> None:
    track = FaceTrack()
    track.detected([face(50)], 0.0, SIZE)
    track.seen(mesh(50), 0.1)
    assert track.region(DETECT_EVERY - 0.01) is not None
    assert track.region(DETECT_EVERY) is None


def test_without_landmarks_the_track_ends() -> None:
    track = FaceTrack()
    track.detected([face(50)], 0.0, SIZE)
    track.seen(None, 0.1)
    assert track.region(0.2) is None
    assert track.detected([], 0.2, SIZE) is None


def test_the_followed_face_is_kept_when_a_larger_one_appears() -> None:
    track = FaceTrack()
    track.detected([face(50)], 0.0, SIZE)
    track.seen(mesh(50), 0.1)
    region = track.detected([face(250, side=90), face(52)], DETECT_EVERY, SIZE)
    assert region is not None
    assert round(region.x) == 52


def test_the_largest_face_is_taken_when_the_followed_one_is_gone() -> None:
    track = FaceTrack()
    track.detected([face(50)], 0.0, SIZE)
    region = track.detected([face(250, side=90), face(400)], DETECT_EVERY, SIZE)
    assert region is not None
    assert round(region.x) == 250


def test_a_missed_detection_leaves_the_track_to_the_mesh() -> None:
    track = FaceTrack()
    track.detected([face(50)], 0.0, SIZE)
    track.seen(mesh(50), 0.1)
    region = track.detected([], DETECT_EVERY, SIZE)
    assert region is not None
    assert round(region.x) == 50


def test_misses_alternate_between_the_whole_frame_and_a_wide_margin() -> None:
    track = FaceTrack()
    margins = []
    for frame in range(4):
        margins.append(track.margin)
        track.detected([], frame * 0.2, SIZE)
    assert margins == [0.0, 0.25, 0.0, 0.25]


def test_of_two_faces_the_more_central_one_is_followed_unless_the_other_is_far_larger() -> None:
    region = FaceTrack().detected([face(20, side=60), face(160, side=50)], 0.0, SIZE)
    assert region is not None
    assert round(region.x) == 160

    region = FaceTrack().detected([face(60, side=120), face(160, side=40)], 0.0, SIZE)
    assert region is not None
    assert round(region.x) == 60


def test_a_face_keeps_its_number_through_a_moment_out_of_view() -> None:
    track = FaceTrack()
    track.detected([face(50)], 0.0, SIZE)
    track.seen(mesh(50), 0.0)
    track.seen(None, 0.2)
    track.detected([], 0.4, SIZE)
    track.detected([face(54)], 0.6, SIZE)
    assert (track.number, track.faces) == (1, 1)


def test_another_face_or_one_that_comes_back_later_has_another_number() -> None:
    track = FaceTrack()
    track.detected([face(50), face(250)], 0.0, SIZE)
    track.seen(mesh(50), 0.0)
    assert track.faces == 2
    track.seen(None, 0.2)
    track.detected([face(250)], 0.4, SIZE)
    assert track.number == 2
    track.seen(mesh(250), 0.4)
    track.seen(None, 0.6)
    track.detected([face(250)], 0.4 + SAME_PERSON, SIZE)
    assert track.number == 3
