"""How somebody speaks, besides what it expresses: pitch, pauses and speaking rate. numpy only.

Pitch is the normalised autocorrelation of Boersma (1993), "Accurate short-term analysis of the
fundamental frequency"; speaking rate counts syllable nuclei after de Jong & Wempe (2009), "Praat
script to detect syllable nuclei and measure speech rate automatically", doi
10.3758/BRM.41.2.385. Both take the stretch of a window from its first to its last speech.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from esapr.inference.signals import SAMPLE_RATE, Prosody
from esapr.inference.voice.activity import CHUNK, Speech

FRAME, STEP = 640, 160
"""Samples of a frame, 40 ms: three periods of the lowest pitch; and from one to the next, 10 ms."""

SMOOTHED = 5
"""Frames over which loudness is averaged, 80 ms: a syllable has one peak."""

LOWEST_HZ, HIGHEST_HZ = 75.0, 500.0
"""The pitches that are looked for, as Praat's defaults for speech."""

VOICED = 0.45
"""Autocorrelation from which a frame is voiced: Praat's default."""

OCTAVE_COST = 0.05
"""What an octave down costs a candidate. Praat takes 0.01 and follows the cheapest path besides;
frames that stand alone want more of it."""

FAINT_DB = 30.0
"""A frame this far below the loudest one is not voiced."""

LEAST_FRAMES = 10
"""Fewer voiced frames than this, 100 ms, and there is no pitch."""

PAUSE_MS = 250
"""Shorter silences belong to articulation (Goldman-Eisler 1968)."""

DIP_DB, NUCLEUS_DB = 2.0, 25.0
"""How far loudness falls between two syllables, and how far below the loudest frame a syllable's
own peak may be (de Jong & Wempe 2009)."""

_SHORTEST, _LONGEST = int(SAMPLE_RATE / HIGHEST_HZ), int(SAMPLE_RATE / LOWEST_HZ)
_FFT = 1024  # holds a frame and the longest lag without wrapping around
_WINDOW = np.hanning(FRAME).astype(np.float32)
_CHUNKS_A_SECOND = SAMPLE_RATE // CHUNK


@dataclass(frozen=True, slots=True)
class _Frames:
    """``pitch`` in Hz, 0 where a frame is not voiced, and ``loudness`` in dB, both ``[F]``."""

    pitch: NDArray[np.float64]
    loudness: NDArray[np.float64]


def prosody(samples: NDArray[np.float32], speech: Speech) -> Prosody:
    """Return how the speech in a window sounds.

    Args:
        samples: the window, float32 ``[48000]``, 16 kHz.
        speech: where in it somebody speaks.
    """
    frames = _frames(samples[speech.begin : speech.end])
    voiced = frames.pitch[frames.pitch > 0]
    pauses = _pauses(speech.spoken)
    median = spread = None
    if len(voiced) >= LEAST_FRAMES:
        low, middle, high = np.percentile(voiced, [10, 50, 90])
        median, spread = float(middle), float(12.0 * np.log2(high / low))
    return Prosody(
        speaking=float(np.mean(speech.spoken[-_CHUNKS_A_SECOND:])),
        pauses=len(pauses),
        pause_ms=sum(pauses),
        pitch_hz=median,
        pitch_range_st=spread,
        syllables_per_second=1000.0 * _nuclei(frames) / speech.milliseconds,
    )


def _pauses(spoken: NDArray[np.bool_]) -> list[int]:
    """Return the lengths, in milliseconds, of the pauses that ended in the last second."""
    turns = np.flatnonzero(np.diff(spoken.astype(np.int8)))
    ends = [int(turn) for turn in turns if not spoken[turn]]
    found = []
    for end in ends:
        before = turns[turns < end]
        length = int(end - before[-1]) * CHUNK * 1000 // SAMPLE_RATE if len(before) else 0
        if end >= len(spoken) - _CHUNKS_A_SECOND - 1 and length >= PAUSE_MS:
            found.append(length)
    return found


def _frames(samples: NDArray[np.float32]) -> _Frames:
    count = (len(samples) - FRAME) // STEP + 1
    if count < 1:
        return _Frames(np.zeros(0), np.zeros(0))
    cut = np.lib.stride_tricks.sliding_window_view(samples, FRAME)[::STEP]
    framed = (cut - cut.mean(axis=1, keepdims=True)) * _WINDOW
    power = np.square(framed).mean(axis=1, dtype=np.float64)
    smooth = np.convolve(power, np.full(SMOOTHED, 1.0 / SMOOTHED), "same")
    loudness = 10.0 * np.log10(smooth + 1e-12)
    pitch = _pitch(framed)
    pitch[loudness < loudness.max() - FAINT_DB] = 0.0
    return _Frames(pitch, loudness)


def _autocorrelation(framed: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return ``[F, lags]``, the longest lag and one more included; 1 at lag 0."""
    spectrum = np.fft.rfft(framed, _FFT, axis=1)
    power = np.square(spectrum.real) + np.square(spectrum.imag)
    found = np.fft.irfft(power, _FFT, axis=1)[:, : _LONGEST + 2]
    return np.asarray(found / np.maximum(found[:, :1], 1e-12), np.float32)


_OF_WINDOW = _autocorrelation(_WINDOW[None])
_COSTS = (OCTAVE_COST * np.log2(np.arange(_SHORTEST, _LONGEST + 1) / _SHORTEST)).astype(np.float32)


def _pitch(framed: NDArray[np.float32]) -> NDArray[np.float64]:
    """Return the pitch of each frame in Hz, 0 where none is strong enough.

    Dividing by the window's own autocorrelation makes lags comparable (Boersma 1993, eq. 9).
    """
    strength = _autocorrelation(framed) / _OF_WINDOW
    inner = strength[:, _SHORTEST : _LONGEST + 1]
    left, right = strength[:, _SHORTEST - 1 : _LONGEST], strength[:, _SHORTEST + 1 : _LONGEST + 2]
    peaks = (inner >= left) & (inner > right)
    # A parabola through a peak and its neighbours finds its place and height between two samples.
    curvature = np.maximum(2.0 * inner - left - right, np.float32(1e-6))
    offset = np.clip(0.5 * (right - left) / curvature, -0.5, 0.5)
    height = inner + 0.25 * (right - left) * offset
    best = np.argmax(np.where(peaks, height - _COSTS, -np.inf), axis=1)
    rows = np.arange(len(framed))
    lags = _SHORTEST + best + offset[rows, best]
    voiced = peaks[rows, best] & (height[rows, best] >= VOICED)
    return np.asarray(np.where(voiced, SAMPLE_RATE / lags, 0.0), np.float64)


def _nuclei(frames: _Frames) -> int:
    """Return how many voiced peaks of loudness there are, with dips between them."""
    if not len(frames.loudness):
        return 0
    least = float(frames.loudness.max()) - NUCLEUS_DB
    count, peak, rising = 0, -np.inf, True
    valley, voiced = np.inf, False
    for loudness, pitch in zip(frames.loudness.tolist(), frames.pitch.tolist(), strict=True):
        if rising and loudness > peak:
            peak, voiced = loudness, pitch > 0
        elif rising and loudness < peak - DIP_DB:
            count += voiced and peak > least
            rising, valley = False, loudness
        elif not rising and loudness < valley:
            valley = loudness
        elif not rising and loudness > valley + DIP_DB:
            rising, peak, voiced = True, loudness, pitch > 0
    return count + int(rising and voiced and peak > least)
