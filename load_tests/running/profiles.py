"""Media profiles: what a clip is encoded to."""

from dataclasses import replace
from pathlib import Path

from esapr.load_tests.labels import read_labels
from esapr.load_tests.media import ClipError, EncodedClip, Shape, encode_clip
from esapr.load_tests.obeying import obeying
from esapr.load_tests.running.sources import Played
from esapr.load_tests.scenario import MediaProfile

LONGEST_SECONDS = 600.0
"""What of a clip is played."""

_LARGE = Shape("VP8", 640, 480, 15)
_SHAPES: dict[MediaProfile, Shape] = {
    "vp8-640x480@15": _LARGE,
    "vp8-320x240@10": Shape("VP8", 320, 240, 10),
    "h264-640x480@15": Shape("H264", 640, 480, 15),
    "audio-only": _LARGE,
    "plain-vp8-640x480@15": _LARGE,
}


def load(path: Path, profile: MediaProfile) -> Played:
    """Encode a clip as ``profile`` says, and read its labels.

    Raises:
        ClipError: the clip or its labels cannot be read, or it lacks what the profile sends.
    """
    shape = _SHAPES[profile]
    clip = encode_clip(
        path,
        width=shape.width,
        height=shape.height,
        fps=shape.fps,
        codec=shape.codec,
        longest=LONGEST_SECONDS,
    )
    return Played(path, _sent(clip, path, profile), read_labels(path), clip.duration)


def _sent(clip: EncodedClip, path: Path, profile: MediaProfile) -> EncodedClip:
    if profile == "plain-vp8-640x480@15":
        return clip
    if profile == "audio-only":
        if clip.audio is None:
            raise ClipError(f"{path}: no sound")
        clip = replace(clip, video=None)
    return obeying(clip)
