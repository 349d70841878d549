"""Writes a clip that is replayed as it is: VP8 with a key frame a second, and Opus, in WebM."""

from collections.abc import Iterable, Mapping
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np
from numpy.typing import NDArray

from esapr.load_tests.encoders import AUDIO_BIT_RATE, AUDIO_RATE
from esapr.load_tests.media import AUDIO_STEP

WIDTH, HEIGHT = 640, 480


def write_clip(
    path: Path,
    pictures: Iterable[NDArray[np.uint8]],
    samples: NDArray[np.int16],
    *,
    fps: int,
    bit_rate: int,
    options: Mapping[str, str],
) -> None:
    """Write ``pictures`` (RGB ``[480, 640, 3]``) and ``samples`` (mono, 48 kHz), equally long.

    ``options`` are libvpx's, such as how much time a picture may take.

    Raises:
        OSError: the file cannot be written.
    """
    with av.open(str(path), "w", format="webm") as container:
        video = container.add_stream("libvpx", rate=fps)
        video.width, video.height, video.pix_fmt = WIDTH, HEIGHT, "yuv420p"
        video.bit_rate, video.gop_size = bit_rate, fps
        video.options = {**options, "auto-alt-ref": "0", "lag-in-frames": "0"}
        audio = container.add_stream("libopus", rate=AUDIO_RATE, layout="mono")
        audio.bit_rate = AUDIO_BIT_RATE
        audio.options = {"application": "voip", "frame_duration": "20"}
        packets: list[av.Packet[Any]] = []
        for index, picture in enumerate(pictures):
            frame = av.VideoFrame.from_ndarray(picture, format="rgb24")
            frame.pts, frame.time_base = index, Fraction(1, fps)
            packets += video.encode(frame)
        packets += video.encode(None)
        packets += _sound(audio, samples)
        # Cues and interleaving want the packets in the order of their times.
        for packet in sorted(packets, key=lambda packet: (packet.pts or 0) * packet.time_base):
            container.mux(packet)


def _sound(stream: av.AudioStream, samples: NDArray[np.int16]) -> "list[av.Packet[Any]]":
    """Encode exactly as many packets of 20 ms as there are."""
    packets: list[av.Packet[Any]] = []
    for start in range(0, len(samples), AUDIO_STEP):
        frame = av.AudioFrame.from_ndarray(
            samples[None, start : start + AUDIO_STEP], format="s16", layout="mono"
        )
        frame.sample_rate, frame.pts = AUDIO_RATE, start
        packets += stream.encode(frame)
    packets += stream.encode(None)
    return packets[: len(samples) // AUDIO_STEP]
