"""Pictures and sound as partners encode them, made for tests."""

from fractions import Fraction
from io import BytesIO
from pathlib import Path

import av
import numpy as np
from numpy.typing import NDArray
from PIL import Image

PORTRAIT = Path(__file__).parents[2] / "data" / "astronaut.jpg"


def portrait() -> NDArray[np.uint8]:
    """Return a picture with a face, 320 x 240."""
    return np.asarray(Image.open(PORTRAIT).convert("RGB"))


def picture(rgb: NDArray[np.uint8], kind: str = "PNG", **options: object) -> bytes:
    """Return ``rgb`` encoded by Pillow."""
    written = BytesIO()
    Image.fromarray(rgb).save(written, kind, **options)
    return written.getvalue()


def speech() -> NDArray[np.int16]:
    """Return two seconds of speech, int16 at 16 kHz."""
    samples: NDArray[np.int16] = np.load(PORTRAIT.with_name("speech.npz"))["samples"]
    return samples


def tone(seconds: float, rate: int, hertz: float = 440.0) -> NDArray[np.int16]:
    """Return a sine at a quarter of full scale."""
    times = np.arange(round(seconds * rate)) / rate
    return np.asarray(8_192 * np.sin(2 * np.pi * hertz * times), np.int16)


def ogg_opus(samples: NDArray[np.int16], rate: int, page_ms: int = 200) -> bytes:
    """Return mono ``samples`` as an Ogg-Opus stream with pages of ``page_ms``."""
    written = BytesIO()
    options = {"page_duration": str(page_ms * 1000)}
    with av.open(written, "w", format="ogg", options=options) as container:
        stream = container.add_stream("libopus", rate=48_000, layout="mono")
        resampler = av.AudioResampler(format="s16", layout="mono", rate=48_000, frame_size=960)
        frame = av.AudioFrame.from_ndarray(samples[None], format="s16", layout="mono")
        frame.sample_rate, frame.pts, frame.time_base = rate, 0, Fraction(1, rate)
        for part in [*resampler.resample(frame), *resampler.resample(None)]:
            container.mux(stream.encode(part))
        container.mux(stream.encode(None))
    return written.getvalue()
