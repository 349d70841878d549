"""Build ``clips/portrait.webm``: ``python -m esapr.load_tests.build_portrait`` (needs espeak-ng).

A still portrait is moved, turned, lit and made to blink; synthetic speech is laid over it. Every
motion returns to where it began, so that the clip loops without a jump. Sources and licences are
in ``clips/README.md``.
"""

import io
import math
import subprocess
import wave
from pathlib import Path
from typing import cast

import cv2
import numpy as np
from numpy.typing import NDArray
from skimage import data

from esapr.load_tests.clip_file import write_clip
from esapr.load_tests.encoders import AUDIO_RATE

TARGET = Path(__file__).with_name("clips") / "portrait.webm"
WIDTH, HEIGHT, FPS = 640, 480, 15
SECONDS = 12
PICTURE_BIT_RATE = 330_000
Picture = NDArray[np.uint8]

# Where to look in the portrait of 512 x 512 pixels: centre and width of the cut-out.
CENTRE = (226.0, 142.0)
CUT_WIDTH = 350.0
# Centre column, half width, top and bottom of each eye opening, in pixels of the portrait.
EYES = ((203.5, 13.5, 96.5, 105.0), (247.0, 13.5, 99.0, 108.0))
LID_HEIGHT = 6.0
LASH_HEIGHT = 0.6
BLINKS = (1.6, 4.2, 7.3, 10.1)
# Long enough to be seen at five pictures a second.
SHUT_SECONDS = 0.26
FALL_SECONDS = 0.1
DETAIL = 3  # the eyes are warped on a picture enlarged by this factor

# Words, pitch (0-99) and speed (words a minute) of espeak-ng, and the pause before, in seconds.
SPEECH = (
    ("Oh wow! This is wonderful!", 78, 175, 0.15),
    ("I am so happy to see you!", 84, 185, 0.25),
    ("What a great, great day!", 88, 170, 0.3),
    ("We did it! We really did it!", 92, 190, 0.3),
    ("Thank you all, I love it!", 82, 180, 0.3),
    ("Best day ever!", 94, 175, 0.3),
)
VOICE = "en-us+f3"
PEAK = 0.7


def main() -> None:
    """Write the clip."""
    frames = SECONDS * FPS
    portrait = cv2.resize(
        data.astronaut(), None, fx=DETAIL, fy=DETAIL, interpolation=cv2.INTER_LANCZOS4
    )
    pictures = (_picture(portrait.astype(np.uint8), index / FPS) for index in range(frames))
    good = {"deadline": "good"}
    write_clip(TARGET, pictures, _speech(), fps=FPS, bit_rate=PICTURE_BIT_RATE, options=good)
    print(f"{TARGET.name}: {TARGET.stat().st_size} bytes")  # noqa: T201


def _picture(portrait: Picture, now: float) -> Picture:
    """Return the picture at ``now`` seconds: uint8 RGB ``[HEIGHT, WIDTH, 3]``."""
    turn = 2 * math.pi * now / SECONDS
    zoom = WIDTH / (CUT_WIDTH * DETAIL) * (1 + 0.05 * math.sin(turn))
    angle = 2.5 * math.sin(turn + 0.7) + 1.0 * math.sin(3 * turn)
    centre_x = (CENTRE[0] + 7 * math.sin(2 * turn)) * DETAIL
    centre_y = (CENTRE[1] + 5 * math.cos(turn)) * DETAIL
    matrix = cv2.getRotationMatrix2D((centre_x, centre_y), angle, zoom)
    matrix[0, 2] += WIDTH / 2 - centre_x
    matrix[1, 2] += HEIGHT / 2 - centre_y
    face = _blink(portrait, _closing(now))
    shown = cv2.warpAffine(
        face, matrix, (WIDTH, HEIGHT), flags=cv2.INTER_AREA, borderMode=cv2.BORDER_REFLECT
    )
    light = 1 + 0.06 * math.sin(turn + 2)
    return cast(Picture, np.clip(shown * light, 0, 255).astype(np.uint8))


def _closing(now: float) -> float:
    """Return how far the eyes are closed: 0 open, 1 shut."""
    nearest = min(abs(now - blink) for blink in BLINKS)
    return min(1.0, max(0.0, 1 - (nearest - SHUT_SECONDS / 2) / FALL_SECONDS))


def _blink(portrait: Picture, closing: float) -> Picture:
    """Pull the skin above each eye down over the opening, which narrows to a line at 1.

    Landmark networks judge a lid by its lashes, so the lid's edge is drawn dark.
    """
    if not closing:
        return portrait
    grid = np.indices(portrait.shape[:2]).astype(np.float32)
    rows, columns = grid[0], grid[1]
    source: NDArray[np.float32] = rows.copy()
    light = np.ones_like(rows)
    for centre, half_width, top, bottom in np.array(EYES) * DETAIL:
        across = np.clip(1 - ((columns - centre) / half_width) ** 2, 0, 1)
        lower = bottom - 0.1 * (bottom - top) * (1 - across)
        upper = lower - (lower - top) * across
        start = upper - LID_HEIGHT * DETAIL * np.sqrt(across)
        edge = upper + closing * (lower - upper)
        skin = upper - LASH_HEIGHT * DETAIL * across
        inside = (across > 0.02) & (rows > start) & (rows < lower)
        lid = start + (rows - start) * (skin - start) / np.maximum(edge - start, 1e-3)
        eye = upper + (rows - edge) * (lower - upper) / np.maximum(lower - edge, 1e-3)
        source = np.where(inside, np.where(rows < edge, lid, eye), source).astype(np.float32)
        lash = np.exp(-(((rows - edge) / (0.7 * DETAIL)) ** 2)) * np.sqrt(across)
        light *= (1 - closing * lash).astype(np.float32)
    warped = cv2.remap(portrait, columns, source, cv2.INTER_LINEAR)
    return cast(Picture, (warped * light[..., None]).astype(np.uint8))


def _speech() -> NDArray[np.int16]:
    """Return the whole sound: int16 ``[samples]`` at 48 kHz.

    Raises:
        ValueError: the sentences last longer than the pictures.
    """
    whole = np.zeros(SECONDS * AUDIO_RATE, np.float32)
    at = 0
    for words, pitch, speed, pause in SPEECH:
        spoken = _spoken(words, pitch, speed)
        at += int(pause * AUDIO_RATE)
        if at + len(spoken) > len(whole):
            raise ValueError(f"{words!r} ends after {SECONDS} s")
        whole[at : at + len(spoken)] = spoken
        at += len(spoken)
    loudest = float(np.abs(whole).max())
    return (whole * (PEAK * 32767 / loudest)).astype(np.int16)


def _spoken(words: str, pitch: int, speed: int) -> NDArray[np.float32]:
    """Synthesise one sentence: float32 ``[samples]`` at 48 kHz, silence at its ends cut off."""
    marked = f'<speak><prosody range="x-high">{words}</prosody></speak>'
    command = ["espeak-ng", "-m", "-v", VOICE, "-p", str(pitch), "-s", str(speed), "--stdout"]
    sound = subprocess.run([*command, marked], check=True, capture_output=True).stdout
    with wave.open(io.BytesIO(sound)) as reader:
        rate = reader.getframerate()
        samples = np.frombuffer(reader.readframes(1 << 24), np.int16).astype(np.float32)
    loud = np.flatnonzero(np.abs(samples) > 300)
    samples = samples[loud[0] : loud[-1] + rate // 20]
    times = np.arange(0, len(samples), rate / AUDIO_RATE)
    return np.interp(times, np.arange(len(samples)), samples).astype(np.float32)


if __name__ == "__main__":
    main()
