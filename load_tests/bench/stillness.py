"""What passing over unchanged pictures saves, and what it costs the states.

``python -m esapr.load_tests.bench.stillness CLIP ...`` reads the face in each clip twice, at five
pictures a second: every picture, and only those that :class:`Stillness` does not pass over. It
compares the fused states, second by second, and the blinks.
"""

import asyncio
import sys
from dataclasses import dataclass
from pathlib import Path

import av
import numpy as np

from esapr.inference.face.analyser import FaceAnalyser
from esapr.inference.face.stillness import Stillness
from esapr.inference.fusion import Fusion
from esapr.inference.scoring import NotRunError
from esapr.inference.signals import (
    EmotionState,
    FaceDetails,
    Modality,
    ModalityScore,
    VideoFrame,
)
from esapr.load_tests import PORTRAIT
from esapr.load_tests.bench.faces import NETWORKS, face_analysers
from esapr.load_tests.bench.raw import loads

FPS = 5


@dataclass(frozen=True, slots=True)
class Seen:
    """One way through a clip: its states, pictures analysed, and blinks."""

    states: list[EmotionState]
    analysed: int
    blinks: int


@dataclass(frozen=True, slots=True)
class Difference:
    """How much two ways through a clip differ; ``mean`` and ``largest`` are of probabilities."""

    same_class: int
    states: int
    mean: float
    largest: float


def difference(every: Seen, chosen: Seen) -> Difference:
    """Compare two ways through one clip; a state that only one of them has counts as another."""
    pairs = [(a.fused, b.fused) for a, b in zip(every.states, chosen.states, strict=True)]
    both = [(a.probs, b.probs) for a, b in pairs if a is not None and b is not None]
    same = sum(a.argmax() == b.argmax() for a, b in both)
    same += sum(a is None and b is None for a, b in pairs)
    apart = np.abs([a - b for a, b in both]) if both else np.zeros(1)
    return Difference(int(same), len(pairs), float(apart.mean()), float(apart.max()))


def read_pictures(path: Path) -> list[VideoFrame]:
    """Return five pictures a second of a clip, at most 320x240."""
    pictures: list[VideoFrame] = []
    with av.open(str(path)) as container:
        for frame in container.decode(video=0):
            if frame.time < len(pictures) / FPS:
                continue
            scale = min(1.0, 320 / frame.width, 240 / frame.height)
            small = frame.reformat(
                width=round(frame.width * scale) & ~1,
                height=round(frame.height * scale) & ~1,
                format="rgb24",
                interpolation="AREA",
            )
            pictures.append(VideoFrame(frame.time, np.asarray(small.to_ndarray(), np.uint8)))
    return pictures


async def watch(analyser: FaceAnalyser, pictures: list[VideoFrame], *, chosen: bool) -> Seen:
    """Read the face in every picture, or in those that are ``chosen``."""
    stillness, fusion = Stillness(), Fusion((Modality.FACE,))
    states: list[EmotionState] = []
    analysed = blinks = 0
    for picture in pictures:
        while picture.at >= len(states) + 1:
            states.append(fusion.state_at(len(states), len(states) + 1))
        score = stillness.repeated(picture) if chosen else None
        if score is None:
            score = await _score(analyser, picture)
            stillness.analysed(picture, score)
            analysed += 1
        if score is None:
            fusion.add_absence(Modality.FACE, picture.at)
        else:
            fusion.add(score)
            assert isinstance(score.details, FaceDetails)
            blinks = score.details.blinks_total
    return Seen(states, analysed, blinks)


async def _score(analyser: FaceAnalyser, picture: VideoFrame) -> ModalityScore | None:
    while True:
        try:
            return (await analyser.score(picture)).score
        except NotRunError:
            continue  # a busy machine let it go stale; this is no race


async def _compare(paths: list[Path]) -> None:
    sys.stdout.write("clip  pictures  analysed  same class  mean and largest  blinks\n")
    async with face_analysers(loads(NETWORKS)) as analyser:
        for path in paths:
            every, chosen = [
                await watch(analyser("clip"), read_pictures(path), chosen=way)
                for way in (False, True)
            ]
            apart = difference(every, chosen)
            sys.stdout.write(
                f"{path.name}  {every.analysed}  {chosen.analysed}  "
                f"{apart.same_class}/{apart.states}  {apart.mean:.4f} {apart.largest:.3f}  "
                f"{every.blinks} {chosen.blinks}\n"
            )


if __name__ == "__main__":
    asyncio.run(_compare([Path(name) for name in sys.argv[1:]] or [PORTRAIT]))
