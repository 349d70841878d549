"""Real pictures that conversions are checked on: stills and video frames of the test clips."""

from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from esapr.inference.face.align import Region, cut

STILLS = ("astronaut.png", "obama-720p.jpg")
FRAMES_EACH = 3
# The astronaut's face in the 512x512 NASA picture (public domain), which the zoo may ship.
ASTRONAUT = Region(224.0, 118.0, 240.0)


def frames(folder: Path) -> list[NDArray[np.uint8]]:
    """Return the RGB stills and a few frames of every ``.mp4`` in ``folder``."""
    stills = [_rgb(cv2.imread(str(folder / name))) for name in STILLS]
    return stills + [frame for clip in sorted(folder.glob("*.mp4")) for frame in _spread(clip)]


def astronaut(folder: Path, side: int) -> NDArray[np.uint8]:
    """Return the astronaut's face as ``[side, side, 3]``."""
    picture = np.empty((side, side, 3), np.uint8)
    return cut(_rgb(cv2.imread(str(folder / "astronaut.png"))), ASTRONAUT, picture)


def _spread(clip: Path) -> list[NDArray[np.uint8]]:
    """Return frames spread evenly over a clip."""
    video = cv2.VideoCapture(str(clip))
    count = int(video.get(cv2.CAP_PROP_FRAME_COUNT))
    found = []
    for position in np.linspace(0, count - 1, FRAMES_EACH + 2)[1:-1].astype(int).tolist():
        video.set(cv2.CAP_PROP_POS_FRAMES, position)
        read, bgr = video.read()
        if read:
            found.append(_rgb(bgr))
    video.release()
    return found


def _rgb(bgr: NDArray[Any] | None) -> NDArray[np.uint8]:
    if bgr is None:
        raise FileNotFoundError("a test picture is missing or unreadable")
    return np.asarray(cv2.cvtColor(bgr, cv2.COLOR_BGR2RGB), dtype=np.uint8)
