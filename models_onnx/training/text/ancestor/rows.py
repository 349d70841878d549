"""The rows without a network: bags of words and means of Word2Vec, to Bayes or a machine."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
from gensim.models import KeyedVectors, Word2Vec
from numpy.typing import NDArray
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.naive_bayes import MultinomialNB
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import MinMaxScaler, StandardScaler
from sklearn.svm import LinearSVC

from esapr.models_onnx.training.folders import run_folder

Texts = list[list[str]]
Labels = NDArray[np.bool_]
Make = Callable[[], Any]

WIDTH = 300
SEED = 7


@dataclass(frozen=True, slots=True)
class Split:
    """Texts to train on with their labels ``[N, 5]``, those to test on, and texts of others."""

    name: str
    seen: Texts
    labels: Labels
    unseen: Texts
    others: Texts


Fit = Callable[[Split], Labels]
"""Trains on a split and returns the labels of its test."""


def vectors(texts: Texts, name: str) -> KeyedVectors:
    """Return Word2Vec (Mikolov et al. 2013, arXiv:1301.3781) of 300 numbers a word.

    They are kept in ``build/training/text_ancestor``, by the name of what they were trained on.
    """
    file = run_folder("text_ancestor") / f"vectors_{name}.kv"
    if not file.exists():
        found = Word2Vec(texts, vector_size=WIDTH, min_count=3, epochs=10, workers=1, seed=SEED)
        found.wv.save(str(file))
    return KeyedVectors.load(str(file))


def _bayes() -> Any:
    # Bayes takes no negative numbers.
    return make_pipeline(MinMaxScaler(clip=True), MultinomialNB())


def _machine() -> Any:
    return make_pipeline(StandardScaler(), LinearSVC(C=0.01, random_state=SEED))


def _each(make: Make, seen: Any, labels: Labels, unseen: Any) -> Labels:
    return np.array([make().fit(seen, column).predict(unseen) for column in labels.T]).T


def bag(make: Make, split: Split) -> Labels:
    """Classify shares of words by their inverse document frequency."""
    weigh = TfidfVectorizer(analyzer=list, min_df=3, sublinear_tf=True)
    seen = weigh.fit_transform(split.seen)
    return _each(make, seen, split.labels, weigh.transform(split.unseen))


def mean_vectors(make: Make, weighted: bool, split: Split) -> Labels:
    """Classify the mean vector of a text's words, ``weighted`` by inverse document frequency."""
    known = vectors(split.seen + split.others, split.name)
    weigh = TfidfVectorizer(analyzer=list).fit(split.seen)
    rare = weigh.idf_.max()
    weights = dict(zip(weigh.get_feature_names_out(), weigh.idf_, strict=True))

    def mean(text: list[str]) -> NDArray[np.float32]:
        words = [word for word in text if word in known] or [known.index_to_key[0]]
        each = [weights.get(word, rare) for word in words] if weighted else None
        return np.asarray(np.average(known[words], axis=0, weights=each), np.float32)

    seen, unseen = ([mean(text) for text in texts] for texts in (split.seen, split.unseen))
    return _each(make, seen, split.labels, unseen)


ROWS: dict[str, Fit] = {
    "tfidf_mnb": partial(bag, MultinomialNB),
    "tfidf_svm": partial(bag, partial(LinearSVC, C=0.1, random_state=SEED)),
    "word2vec_mnb": partial(mean_vectors, _bayes, False),
    "word2vec_svm": partial(mean_vectors, _machine, False),
    "weighted_word2vec_mnb": partial(mean_vectors, _bayes, True),
    "weighted_word2vec_svm": partial(mean_vectors, _machine, True),
}
"""How each row without a network is trained, by its name on the command line."""
