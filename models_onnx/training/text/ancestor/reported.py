"""What the ancestor reports: accuracy in per cent; None where its text names no figure.

In the order of :data:`esapr.inference.text.traits.TRAITS`. Its other figures are in a picture.
"""

ACCURACY: dict[str, tuple[float, ...] | None] = {
    "tfidf_mnb": None,
    "tfidf_svm": None,
    "word2vec_mnb": None,
    "word2vec_svm": None,
    "weighted_word2vec_mnb": None,
    "weighted_word2vec_svm": None,
    "lstm": None,
    "conv_lstm": (55.07, 50.17, 54.57, 53.23, 53.84),
}
"""The rows by their names on the command line."""
