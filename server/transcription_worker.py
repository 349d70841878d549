"""The process that writes down speech: ``python -m … MODEL``, utterances in, text out.

Both ways each message is four bytes of length (little endian) and as many bytes: float32 samples at
16 kHz in, UTF-8 out. The first message out is empty: the model is loaded.
"""

import os
import struct
import sys
from collections.abc import Iterator
from typing import TYPE_CHECKING, BinaryIO

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from faster_whisper import WhisperModel

LENGTH = struct.Struct("<I")

WINDOW_SECONDS = 10
"""Whisper hears this much at a time: of five seconds it invents words, thirty cost four times as
much."""

LEAST_LOG_PROBABILITY = -1.0
"""A text that is less likely than this, per token, is not believed (Radford et al. 2022, 4.5)."""

MOST_COMPRESSION = 2.4
"""A text that compresses better repeats itself, and is not believed (the same)."""

NICENESS = 5
"""Scores of live sessions go first."""


def main() -> None:
    """Write down utterances until the pipe is closed."""
    os.nice(NICENESS)
    from faster_whisper import WhisperModel

    model = WhisperModel(sys.argv[1], device="cpu", compute_type="int8", cpu_threads=1)
    _write(sys.stdout.buffer, b"")
    for message in _messages(sys.stdin.buffer):
        _write(sys.stdout.buffer, text(model, np.frombuffer(message, np.float32)).encode())


def text(model: "WhisperModel", samples: NDArray[np.float32]) -> str:
    """Return what is said in up to ten seconds of English, empty where nothing is believed."""
    segments, _ = model.transcribe(
        samples,
        language="en",
        beam_size=1,
        temperature=0.0,
        without_timestamps=True,
        condition_on_previous_text=False,
        chunk_length=WINDOW_SECONDS,
    )
    return " ".join(
        segment.text.strip()
        for segment in segments
        if segment.avg_logprob >= LEAST_LOG_PROBABILITY
        and segment.compression_ratio <= MOST_COMPRESSION
    )


def _messages(pipe: BinaryIO) -> Iterator[bytes]:
    while head := pipe.read(LENGTH.size):
        yield pipe.read(LENGTH.unpack(head)[0])


def _write(pipe: BinaryIO, message: bytes) -> None:
    pipe.write(LENGTH.pack(len(message)) + message)
    pipe.flush()


if __name__ == "__main__":
    main()
