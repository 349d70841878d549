"""The spectrogram inside the voice model is the one that librosa computes."""

from pathlib import Path

import numpy as np

from esapr.models_onnx.training.voice.log_mel import FRAME, HOP, fourier_basis, mel_filters

DATA = Path(__file__).parents[1] / "data"
LEVEL = 0.05


def test_its_constants_give_the_log_mel_spectrogram_of_librosa() -> None:
    """``log_mel.npz`` is librosa 0.11's of the first second of ``speech.npz``, at -26 dB RMS.

    ``melspectrogram(n_fft=400, hop_length=160, n_mels=80, pad_mode="constant")[:, :-1]``, then as
    in Whisper: log10, eight below the largest at least, plus four, divided by four.
    """
    with np.load(DATA / "speech.npz") as stored:
        spoken = (stored["samples"] / 32768)[:16_000]
    with np.load(DATA / "log_mel.npz") as stored:
        expected = stored["log_mel"]
    level = spoken / np.sqrt(np.mean(np.square(spoken))) * LEVEL
    padded = np.pad(level, FRAME // 2)
    frames = np.lib.stride_tricks.sliding_window_view(padded, FRAME)[::HOP][:-1]

    real, imaginary = np.split(fourier_basis()[:, 0] @ frames.T, 2)
    logarithm = np.log10(np.maximum(mel_filters() @ (real**2 + imaginary**2), 1e-10))
    found = (np.maximum(logarithm, logarithm.max() - 8) + 4) / 4

    assert found.shape == expected.shape
    np.testing.assert_allclose(found, expected, atol=1e-3)
