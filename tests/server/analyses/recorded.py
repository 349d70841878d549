"""Small recordings, made for a test."""

from fractions import Fraction
from io import BytesIO
from pathlib import Path

import av
import numpy as np
from numpy.typing import NDArray
from PIL import Image

DATA = Path(__file__).parents[2] / "data"
FORMATS = {
    "sound.wav": ("wav", None, "pcm_s16le"),
    "sound.flac": ("flac", None, "flac"),
    "sound.ogg": ("ogg", None, "libopus"),
    "sound.mp3": ("mp3", None, "libmp3lame"),
    "sound.m4a": ("mp4", None, "aac"),
    "sound.webm": ("webm", None, "libopus"),
    "video.mp4": ("mp4", "libx264", "aac"),
    "video.webm": ("webm", "libvpx", "libopus"),
    "silent.mp4": ("mp4", "libx264", None),
}
"""Container, codec of the picture and codec of the sound by file name."""
RATE = 48_000


def speech(seconds: float) -> NDArray[np.float32]:
    """Return recorded speech at 16 kHz, over and over."""
    with np.load(DATA / "speech.npz") as arrays:
        samples = next(iter(arrays.values())).astype(np.float32).reshape(-1)
    samples = samples / np.abs(samples).max() * 0.7
    return np.resize(samples, round(seconds * 16_000))


def portrait() -> NDArray[np.uint8]:
    """Return a picture with a face, uint8 RGB ``[240, 240, 3]``."""
    with Image.open(DATA / "astronaut.jpg") as image:
        return np.array(image.convert("RGB").resize((240, 240)), np.uint8)


def recording(
    name: str,
    seconds: float,
    *,
    samples: NDArray[np.float32] | None = None,
    rate: int = RATE,
    layout: str = "mono",
    pictures: tuple[NDArray[np.uint8], ...] = (),
    sound_last: bool = False,
) -> bytes:
    """Return a file of a format.

    ``samples`` are ``[channels, N]`` at ``rate``, else a tone; each of ``pictures`` is shown for an
    equal time, else a portrait.
    """
    form, video, audio = FORMATS[name]
    file = BytesIO()
    with av.open(file, "w", format=form) as container:
        encoders = []
        if video:
            encoders.append(_pictures(container, video, seconds, pictures or (portrait(),)))
        if audio:
            if samples is None:
                samples = _tone(seconds, rate)
            encoders.append(_sound(container, audio, samples, rate, layout))
        packets = [packet for encoder in encoders for packet in encoder]
        if not sound_last:
            packets.sort(key=lambda packet: float((packet.dts or 0) * packet.time_base))
        for packet in packets:
            container.mux(packet)
    return file.getvalue()


def _tone(seconds: float, rate: int) -> NDArray[np.float32]:
    times = np.arange(round(seconds * rate)) / rate
    return (0.3 * np.sin(2 * np.pi * 440 * times)).astype(np.float32)[None]


def _pictures(
    container: av.container.OutputContainer,
    codec: str,
    seconds: float,
    pictures: tuple[NDArray[np.uint8], ...],
) -> list[av.Packet]:
    stream = container.add_stream(codec, rate=25)
    stream.height, stream.width = pictures[0].shape[:2]
    stream.pix_fmt = "yuv420p"
    stream.thread_count = 1
    packets = []
    count = round(seconds * 25)
    for number in range(count):
        picture = pictures[number * len(pictures) // count]
        frame = av.VideoFrame.from_ndarray(picture, format="rgb24")
        frame.pts, frame.time_base = number, Fraction(1, 25)
        packets += stream.encode(frame)
    return packets + stream.encode(None)


def _sound(
    container: av.container.OutputContainer,
    codec: str,
    samples: NDArray[np.float32],
    rate: int,
    layout: str,
) -> list[av.Packet]:
    stream = container.add_stream(codec, rate=rate, layout=layout)
    resampler = av.AudioResampler(stream.format, layout, rate, stream.frame_size or 1024)
    # Interleaved, as PyAV takes packed formats.
    packed = (samples.T.reshape(1, -1) * 32_767).astype(np.int16)
    frame = av.AudioFrame.from_ndarray(np.ascontiguousarray(packed), format="s16", layout=layout)
    frame.sample_rate, frame.pts, frame.time_base = rate, 0, Fraction(1, rate)
    packets = []
    for part in [*resampler.resample(frame), *resampler.resample(None)]:
        packets += stream.encode(part)
    return packets + stream.encode(None)
