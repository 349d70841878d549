"""RAVDESS and TESS where training data lie."""

import io
from collections.abc import Iterator

import numpy as np
import soundfile
from numpy.typing import NDArray

from esapr.models_onnx.evaluation import acted_speech
from esapr.models_onnx.evaluation.acted_speech import Clip
from esapr.models_onnx.training.folders import data_folder


def clips(corpus: str) -> list[Clip]:
    """Return the clips of ``corpus`` in the order of its manifest."""
    return acted_speech.clips(data_folder() / "voice", corpus)


def sounds(chosen: list[Clip]) -> Iterator[NDArray[np.float32]]:
    """Yield the samples of clips of one corpus, in their order."""
    # TESS is Opus, which FFmpeg would decode at 48 kHz.
    for content in acted_speech.contents(data_folder() / "voice", chosen):
        samples, _ = soundfile.read(io.BytesIO(content), dtype="float32")
        yield samples
