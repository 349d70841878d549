"""The calls of a worker that a picture may need: find faces, read the one followed, find an iris.

Reading places the landmarks and scores the expression in one call, since the second network's
picture follows from the first one's points and would only wait for a worker again
(docs/decisions/0009). The iris has a call of its own, which may fail alone (docs/decisions/0046).
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from esapr.inference.batching import BatchLimits
from esapr.inference.cards import Arrays
from esapr.inference.emotions import Scores
from esapr.inference.face.align import (
    EXPRESSION_SIDE,
    Points,
    Region,
    Regions,
    boxes_of,
    cut,
    expression_regions,
    faces_of_meshes,
)
from esapr.inference.face.blink import eye_aspect_ratios
from esapr.inference.face.detect import DETECTOR_SIDE, Detection, faces, letterboxed
from esapr.inference.face.expression import ExpressionReader
from esapr.inference.face.gaze import IRIS_SIDE, Eye
from esapr.inference.face.landmarks import LANDMARK_SIDE, faces_present, mesh_regions
from esapr.inference.face.pose import head_poses, mouth_ratios
from esapr.inference.quality import face_quality
from esapr.inference.signals import Activation, Box, HeadPose, Quality
from esapr.inference.stages import Answers, Network, Run

Picture = NDArray[np.uint8]
"""A frame, uint8 RGB ``[height, width, 3]``."""


def _row(side: int, channels: int) -> Arrays:
    return {"image": np.zeros((side, side, channels), np.uint8)}


DETECTOR_ROW = _row(DETECTOR_SIDE, 3)
LANDMARK_ROW = _row(LANDMARK_SIDE, 3)
EXPRESSION_ROW = _row(EXPRESSION_SIDE, 1)
IRIS_ROW = _row(IRIS_SIDE, 3)
"""What each network takes of a face: the shape and type of its picture."""

ACTIVATION = "activation"
"""What an expression network may return beside its logits: ``[batch, 7, rows, columns]``."""


@dataclass(frozen=True, slots=True)
class Search:
    """A frame to find faces in; ``margin`` is that of the detector's picture."""

    rgb: Picture
    margin: float


@dataclass(frozen=True, slots=True)
class Look:
    """A frame, and the square of it in which the landmarks are looked for."""

    rgb: Picture
    region: Region


@dataclass(frozen=True, slots=True)
class EyeLook:
    """A frame, and the eye in it whose iris is looked for."""

    rgb: Picture
    eye: Eye


@dataclass(frozen=True, slots=True)
class Face:
    """What one face shows.

    ``mesh`` is the square around the landmarks in pixels of the frame; ``landmarks`` is float32
    ``[468, 2]`` in fractions of the frame, like ``box``; ``eye_ratio`` is height over width.
    ``activation`` is None if the network has no such output.
    """

    mesh: Region
    box: Box
    landmarks: Points
    eye_ratio: float
    head: HeadPose
    mouth_open: float
    probs: Scores
    quality: tuple[Quality, ...]
    activation: Activation | None


class DetectorStage:
    """Finds the faces of frames, the largest first."""

    def __init__(self, detector: Network) -> None:
        """Run ``detector``."""
        self._detector = detector
        self.name = detector.name
        self.limits = detector.limits

    def run(self, items: Sequence[Search], device: int) -> Answers[list[Detection]]:
        """Draw the frames, run the network and merge its boxes, picture by picture."""
        batch = self._detector.inputs(DETECTOR_ROW, len(items), device)
        places = []
        for row, item in enumerate(items):
            batch["image"][row], place = letterboxed(item.rgb, item.margin)
            places.append(place)
        outputs, run = self._detector.run(batch, len(items), device)
        found = [
            faces(boxes, scores, place, width=item.rgb.shape[1], height=item.rgb.shape[0])
            for boxes, scores, place, item in zip(
                outputs["boxes"], outputs["scores"], places, items, strict=True
            )
        ]
        return Answers(found, (run,))


class IrisStage:
    """Finds the iris of one eye of each frame.

    Answers the middle of the iris and the right, top, left and bottom of its rim, ``[5, 2]``, in
    pixels of the frame.
    """

    def __init__(self, iris: Network) -> None:
        """Run ``iris``."""
        self._iris = iris
        self.name = iris.name
        self.limits = iris.limits

    def run(self, items: Sequence[EyeLook], device: int) -> Answers[Points]:
        """Cut the eyes, all of them as right ones, run the network and mirror points back."""
        batch = self._iris.inputs(IRIS_ROW, len(items), device)
        for item, picture in zip(items, batch["image"], strict=False):
            draw_eye(item, picture)
        outputs, run = self._iris.run(batch, len(items), device)
        points = outputs["iris"][..., :2].copy()
        mirrored = [item.eye.mirrored for item in items]
        points[mirrored, :, 0] = 1 - points[mirrored, :, 0]
        regions = Regions.of([item.eye.region for item in items])
        return Answers(list(regions.points_in_frame(points)), (run,))


def draw_eye(look: EyeLook, picture: Picture) -> None:
    """Fill the iris network's ``picture`` ``[64, 64, 3]`` with an eye, as a right one."""
    cut(look.rgb, look.eye.region, picture)
    if look.eye.mirrored:
        picture[:] = picture[:, ::-1]


class FaceStage:
    """Reads one face of each frame, or says that there is none: None."""

    def __init__(self, landmarks: Network, expression: Network, reader: ExpressionReader) -> None:
        """Run ``landmarks``, then ``expression``, whose logits ``reader`` reads.

        Items are batched by the limits of ``landmarks``, in batches that ``expression`` takes.
        """
        self._landmarks = landmarks
        self._expression = expression
        self._reader = reader
        self.name = landmarks.name
        limits = landmarks.limits
        buckets = tuple(size for size in limits.buckets if size <= expression.limits.max_size)
        self.limits = BatchLimits(buckets, limits.max_wait, limits.max_pending, limits.use_by)

    def run(self, items: Sequence[Look], device: int) -> Answers[Face | None]:
        """Read every frame; those without a face cost the expression network nothing."""
        points, depths, present, placed = self._place(items, device)
        rows = np.flatnonzero(present).tolist()
        values: list[Face | None] = [None] * len(items)
        if not rows:
            return Answers(values, (placed,))
        frames = [items[row].rgb for row in rows]
        read, expressed = self._read(frames, points[present], depths[present], device)
        for row, face in zip(rows, read, strict=True):
            values[row] = face
        return Answers(values, (placed, expressed))

    def _place(
        self, items: Sequence[Look], device: int
    ) -> tuple[Points, NDArray[np.float32], NDArray[np.bool_], Run]:
        """Return points ``[N, 468, 2]`` and depths ``[N, 468]`` in pixels; which are a face's."""
        batch = self._landmarks.inputs(LANDMARK_ROW, len(items), device)
        for item, picture in zip(items, batch["image"], strict=False):
            cut(item.rgb, item.region, picture)
        outputs, run = self._landmarks.run(batch, len(items), device)
        regions = Regions.of([item.region for item in items])
        points = regions.points_in_frame(outputs["landmarks"][..., :2])
        depths = outputs["landmarks"][..., 2] * regions.side[:, None].astype(np.float32)
        return points, depths, faces_present(outputs["presence"]), run

    def _read(
        self, frames: Sequence[Picture], points: Points, depths: NDArray[np.float32], device: int
    ) -> tuple[list[Face], Run]:
        """Return what the faces at ``points`` show, a face a frame."""
        meshes = mesh_regions(points)
        boxes = faces_of_meshes(meshes)
        regions = expression_regions(boxes)
        batch = self._expression.inputs(EXPRESSION_ROW, len(frames), device)
        for frame, region, picture in zip(frames, regions.each(), batch["image"], strict=False):
            cut(frame, region, picture)
        outputs, run = self._expression.run(batch, len(frames), device)
        sizes = np.array([frame.shape[1::-1] for frame in frames], np.float32)
        probs = self._reader.scores(outputs["logits"])
        heads = head_poses(points, depths)
        columns = (
            meshes.each(),
            boxes_of(boxes, sizes),
            points / sizes[:, None],
            eye_aspect_ratios(points).tolist(),
            heads,
            mouth_ratios(points).tolist(),
            probs,
            face_quality(batch["image"][: len(frames), ..., 0], regions.side, heads),
            self._activations(outputs, probs, regions.corners() / sizes[:, None]),
        )
        return [Face(*row) for row in zip(*columns, strict=True)], run

    def _activations(
        self, outputs: Arrays, probs: Scores, corners: Points
    ) -> Sequence[Activation | None]:
        """Return the map of each face's likeliest expression, if the network gives maps."""
        maps = outputs.get(ACTIVATION)
        if maps is None:
            return [None] * len(probs)
        emotions, cells = self._reader.winning(maps, probs)
        return [Activation(*row) for row in zip(emotions, cells, corners, strict=True)]
