"""One participant's face, frame by frame: detect or follow, landmarks, blinks, expression."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from esapr.inference.cards import Arrays
from esapr.inference.emotions import LABELS, Scores
from esapr.inference.face.align import (
    Region,
    box_of,
    cut,
    expression_picture,
    expression_region,
    face_of_mesh,
)
from esapr.inference.face.blink import BlinkCounter, eye_aspect_ratio
from esapr.inference.face.detect import faces, letterboxed
from esapr.inference.face.expression import ExpressionReader
from esapr.inference.face.landmarks import LANDMARK_SIDE, Mesh, mesh
from esapr.inference.face.track import FaceTrack
from esapr.inference.quality import face_quality
from esapr.inference.scoring import Scored
from esapr.inference.signals import FaceDetails, Modality, ModalityScore, Quality, VideoFrame


class ScorerLike(Protocol):
    """What is needed of :class:`esapr.inference.scoring.Scorer`."""

    async def score(self, inputs: Arrays, *, session: str) -> Scored:
        """Score one item."""


@dataclass(frozen=True, slots=True)
class FaceReading:
    """What one frame showed: a score, or none with ``quality`` saying why."""

    at: float
    score: ModalityScore | None
    quality: tuple[Quality, ...]


@dataclass(slots=True)
class _Cost:
    """What the networks took for one frame, in milliseconds, summed over them."""

    queue_ms: float = 0.0
    infer_ms: float = 0.0
    batch_size: int = field(default=1)

    def add(self, scored: Scored) -> None:
        self.queue_ms += scored.queue_ms
        self.infer_ms += scored.infer_ms
        self.batch_size = scored.batch_size


class FaceAnalyser:
    """Scores the frames of one session, one at a time and in order."""

    def __init__(
        self,
        detector: ScorerLike,
        landmarks: ScorerLike,
        expression: ScorerLike,
        *,
        session: str,
        temperature: float,
        labels: Sequence[str] = LABELS,
    ) -> None:
        """Share the three scorers with other sessions; keep this session's track and blinks.

        Raises:
            ValueError: ``labels`` is not a permutation of the seven classes.
        """
        self._detector = detector
        self._landmarks = landmarks
        self._expression = expression
        self._session = session
        self._reader = ExpressionReader(labels, temperature)
        self._track = FaceTrack()
        self._blinks = BlinkCounter()

    async def score(self, frame: VideoFrame) -> FaceReading:
        """Read one frame.

        Raises:
            NotRunError: a network's queue is full, or the frame went stale in it.
            BatchFailedError: a network failed on this frame's batch.
        """
        cost = _Cost()
        found = await self._find(frame, cost)
        if found is None:
            return FaceReading(frame.at, None, (Quality.NO_FACE,))
        self._blinks.add(eye_aspect_ratio(found.points), frame.at)
        face = face_of_mesh(found.region)
        region = expression_region(face)
        picture = expression_picture(frame.rgb, region)
        quality = face_quality(picture, region.side)
        probs = await self._express(picture, cost)
        score = ModalityScore(
            modality=Modality.FACE,
            start=frame.at,
            end=frame.at,
            probs=probs,
            coverage=1.0,
            details=self._details(frame.rgb, found, face),
            quality=quality,
            batch_size=cost.batch_size,
            queue_ms=cost.queue_ms,
            infer_ms=cost.infer_ms,
        )
        return FaceReading(frame.at, score, quality)

    async def _find(self, frame: VideoFrame, cost: _Cost) -> Mesh | None:
        """Return the followed face's landmarks, detecting first where the track asks for it."""
        region = self._track.region(frame.at)
        followed = region is not None
        if region is None:
            region = await self._detect(frame, cost)
        found = await self._place(frame.rgb, region, cost)
        if found is None and followed:
            # The face moved out of its region: look for it in the same frame.
            found = await self._place(frame.rgb, await self._detect(frame, cost), cost)
        return found

    async def _detect(self, frame: VideoFrame, cost: _Cost) -> Region | None:
        height, width = frame.rgb.shape[:2]
        picture, letterbox = letterboxed(frame.rgb, self._track.margin)
        scored = await self._detector.score({"image": picture}, session=self._session)
        cost.add(scored)
        outputs = scored.outputs
        found = faces(outputs["boxes"], outputs["scores"], letterbox, width, height)
        return self._track.detected(found, frame.at)

    async def _place(
        self, rgb: NDArray[np.uint8], region: Region | None, cost: _Cost
    ) -> Mesh | None:
        """Return the landmarks in ``region``, or None if it shows no face."""
        if region is None:
            return None
        picture = cut(rgb, region, LANDMARK_SIDE)
        scored = await self._landmarks.score({"image": picture}, session=self._session)
        cost.add(scored)
        found = mesh(scored.outputs["landmarks"], scored.outputs["presence"], region)
        self._track.seen(found)
        return found if found.is_face else None

    async def _express(self, picture: NDArray[np.uint8], cost: _Cost) -> Scores:
        scored = await self._expression.score({"image": picture}, session=self._session)
        cost.add(scored)
        return self._reader.scores(scored.outputs["logits"])

    def _details(self, rgb: NDArray[np.uint8], found: Mesh, face: Region) -> FaceDetails:
        height, width = rgb.shape[:2]
        return FaceDetails(
            box=box_of(face, width, height),
            landmarks=np.asarray(found.points / (width, height), np.float32),
            blinks_total=self._blinks.total,
            blinks_per_minute=self._blinks.per_minute,
        )
