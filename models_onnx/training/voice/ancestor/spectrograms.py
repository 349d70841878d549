"""What the ancestor's network sees of a clip: five overlapping windows of a log-mel spectrogram."""

from dataclasses import replace
from pathlib import Path

import librosa
import numpy as np
from numpy.typing import NDArray
from tqdm import tqdm

from esapr.inference.signals import SAMPLE_RATE
from esapr.models_onnx.evaluation.spoken_views import View, render
from esapr.models_onnx.training.voice.corpora import clips, sounds

HOP, MELS, TOP_HZ = 128, 128, 4000
WINDOW, STEP, WINDOWS = 128, 64, 5
FRAMES = WINDOW + (WINDOWS - 1) * STEP
SAMPLES = (FRAMES - 1) * HOP
"""3.06 s: longer clips are cut, shorter ones end in silence."""

_NOISY = View("noise_1", noise_db=(15.0, 30.0), slope=(0.0, 0.0))
NOISES = (View("clean"), _NOISY, replace(_NOISY, name="noise_2"))
"""Every clip as it is and twice in white noise, at 15 to 30 dB: the ancestor's augmentation."""


def spectrogram(samples: NDArray[np.float32]) -> NDArray[np.float16]:
    """Return the log-mel spectrogram in decibels below its maximum: ``[384, 128]``."""
    scaled = (samples - samples.mean()) / max(float(samples.std()), 1e-6)
    power = librosa.feature.melspectrogram(
        y=librosa.util.fix_length(scaled, size=SAMPLES),
        sr=SAMPLE_RATE,
        n_fft=512,
        win_length=256,
        hop_length=HOP,
        window="hamming",
        n_mels=MELS,
        fmax=TOP_HZ,
    )
    return np.asarray(librosa.power_to_db(power, ref=np.max).T, np.float16)


def windows(spectrograms: NDArray[np.floating]) -> NDArray[np.float32]:
    """Return ``[N, 5, 128, 128, 1]``, about -1 to 1, of spectrograms ``[N, 384, 128]``."""
    scaled = np.asarray(spectrograms, np.float32) / 40 + 1
    parts = [scaled[:, at : at + WINDOW] for at in range(0, FRAMES - WINDOW + 1, STEP)]
    return np.asarray(np.stack(parts, axis=1)[..., None], np.float32)


def load(folder: Path) -> NDArray[np.float16]:
    """Return the spectrograms of every copy of every RAVDESS clip, ``[3, 1440, 384, 128]``.

    They are computed once and kept in ``folder``.
    """
    path = folder / "spectrograms.npy"
    if not path.exists():
        chosen = clips("ravdess")
        made = np.empty((len(NOISES), len(chosen), FRAMES, MELS), np.float16)
        pairs = zip(chosen, sounds(chosen), strict=True)
        for at, (clip, samples) in enumerate(tqdm(pairs, total=len(chosen), mininterval=10)):
            for copy, noise in enumerate(NOISES):
                made[copy, at] = spectrogram(render(noise, samples, clip.file))
        partial = folder / "partial.npy"
        np.save(partial, made)
        partial.rename(path)
    return np.load(path, mmap_mode="r")
