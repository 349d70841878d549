"""The splits that text models are trained on and chosen by, where training data lie."""

from esapr.models_onnx.evaluation import text_corpora
from esapr.models_onnx.evaluation.text_corpora import Corpus
from esapr.models_onnx.training.folders import data_folder

__all__ = ["Corpus", "goemotions", "xed"]


def goemotions(split: str) -> Corpus:
    """Return the official ``train``, ``dev`` or ``test`` split of GoEmotions (Reddit)."""
    return text_corpora.goemotions(data_folder() / "text", split)


def xed(split: str) -> Corpus:
    """Return a split of English XED (film subtitles), by a hash of the text."""
    return text_corpora.xed(data_folder() / "text", split)
