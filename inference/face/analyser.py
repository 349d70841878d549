"""One participant's face, frame by frame: detect or follow, landmarks, blinks, expression, gaze."""

from dataclasses import dataclass
from typing import Protocol, TypeVar

import numpy as np

from esapr.inference.face.align import Points, Region
from esapr.inference.face.blink import BlinkCounter
from esapr.inference.face.detect import Detection
from esapr.inference.face.gaze import GazeTracker
from esapr.inference.face.stages import EyeLook, Face, Look, Search
from esapr.inference.face.track import FaceTrack
from esapr.inference.quality import coverage_of
from esapr.inference.scoring import Scored, ScoringError
from esapr.inference.signals import FaceDetails, Modality, ModalityScore, Quality, VideoFrame

Item_contra = TypeVar("Item_contra", contravariant=True)
Out = TypeVar("Out")


class ScorerLike(Protocol[Item_contra, Out]):
    """What is needed of :class:`esapr.inference.scoring.Scorer`."""

    async def score(self, item: Item_contra, *, session: str) -> Scored[Out]:
        """Score one item."""


@dataclass(frozen=True, slots=True)
class FaceReading:
    """What one frame showed: a score, or none with ``quality`` saying why."""

    at: float
    score: ModalityScore | None
    quality: tuple[Quality, ...]


@dataclass(slots=True)
class _Cost:
    """What the stages took for one frame, in milliseconds, summed over them."""

    queue_ms: float = 0.0
    infer_ms: float = 0.0
    batch_size: int = 1

    def paid(self, scored: Scored[Out]) -> Out:
        """Add up what a value cost, and return it."""
        self.queue_ms += scored.queue_ms
        self.infer_ms += scored.infer_ms
        self.batch_size = max(self.batch_size, scored.batch_size)
        return scored.value


class FaceAnalyser:
    """Scores the frames of one session, one at a time and in order."""

    def __init__(
        self,
        detector: ScorerLike[Search, list[Detection]],
        reader: ScorerLike[Look, Face | None],
        eyes: ScorerLike[EyeLook, Points] | None = None,
        *,
        session: str,
    ) -> None:
        """Share the scorers with other sessions; keep this session's track, blinks and gaze.

        Without ``eyes`` nobody's gaze is read.
        """
        self._detector = detector
        self._reader = reader
        self._eyes = eyes
        self._session = session
        self._track = FaceTrack()
        self.blinks = BlinkCounter()
        self._gaze = GazeTracker()

    async def score(self, frame: VideoFrame) -> FaceReading:
        """Read one frame.

        Raises:
            NotRunError: a queue is full, or the frame went stale in it.
            BatchFailedError: a network failed on this frame's batch.
        """
        cost = _Cost()
        face = await self._find(frame, cost)
        if face is None:
            return FaceReading(frame.at, None, (Quality.NO_FACE,))
        self.blinks.add(face.eye_ratio, frame.at)
        await self._look(frame, face, cost)
        several = (Quality.SEVERAL_FACES,) if self._track.faces > 1 else ()
        quality = (*face.quality, *several)
        details = FaceDetails(
            box=face.box,
            landmarks=face.landmarks,
            blinks_total=self.blinks.total,
            blinks_per_minute=self.blinks.per_minute,
            head=face.head,
            mouth_open=face.mouth_open,
            track=self._track.number,
            faces=self._track.faces,
            activation=face.activation,
            gaze=self._gaze.at(frame.at),
        )
        score = ModalityScore(
            modality=Modality.FACE,
            start=frame.at,
            end=frame.at,
            probs=face.probs,
            coverage=coverage_of(quality),
            details=details,
            quality=quality,
            batch_size=cost.batch_size,
            queue_ms=cost.queue_ms,
            infer_ms=cost.infer_ms,
        )
        return FaceReading(frame.at, score, quality)

    async def _find(self, frame: VideoFrame, cost: _Cost) -> Face | None:
        """Read the followed face, detecting first where the track asks for it."""
        region = self._track.region(frame.at)
        followed = region is not None
        if region is None:
            region = await self._detect(frame, cost)
        face = await self._read(frame, region, cost)
        if face is None and followed:
            # The face moved out of its region: look for it in the same frame.
            face = await self._read(frame, await self._detect(frame, cost), cost)
        return face

    async def _detect(self, frame: VideoFrame, cost: _Cost) -> Region | None:
        search = Search(frame.rgb, self._track.margin)
        found = cost.paid(await self._detector.score(search, session=self._session))
        return self._track.detected(found, frame.at, (frame.rgb.shape[1], frame.rgb.shape[0]))

    async def _read(self, frame: VideoFrame, region: Region | None, cost: _Cost) -> Face | None:
        """Read the face in ``region``, or return None if there is none."""
        if region is None:
            return None
        look = Look(frame.rgb, region)
        face = cost.paid(await self._reader.score(look, session=self._session))
        self._track.seen(face.mesh if face else None, frame.at)
        return face

    async def _look(self, frame: VideoFrame, face: Face, cost: _Cost) -> None:
        """Look at an eye, once a second; one that is not read costs the face nothing."""
        if self._eyes is None:
            return
        points = face.landmarks * np.array(frame.rgb.shape[1::-1], np.float32)
        track = self._track.number
        eye = self._gaze.eye(points, face.head, face.eye_ratio, track, frame.at)
        if eye is None:
            return
        try:
            scored = await self._eyes.score(EyeLook(frame.rgb, eye), session=self._session)
        except ScoringError:
            # Its queue is full, or its network failed: counted where it happened.
            return
        self._gaze.seen(cost.paid(scored), eye, face.head, frame.at)
