"""What other readings of the essays would be worth: ``… .training.text.compare_personality``.

Each is ridge regression on a kernel of essays, over the ten folds of the shipped model and over six
random tenfold splits, which say how far a difference is luck. A minute of processor time, once
``train_personality`` has read the essays.
"""

import json
from statistics import fmean, pstdev
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.feature_extraction.text import TfidfVectorizer

from esapr.models_onnx.evaluation import essays
from esapr.models_onnx.evaluation.text_personality import means
from esapr.models_onnx.training.folders import data_folder
from esapr.models_onnx.training.text.ridge import unseen
from esapr.models_onnx.training.text.train_personality import read_essays

Floats = NDArray[np.float64]

STRENGTH = 10.0
"""What eight of the shipped model's ten heads were fitted with."""
RANDOM_SPLITS = 6


def kernel(products: Floats) -> Floats:
    """Return products of rows, ``[N, N]``, as of centred rows with a mean square of one."""
    means_of_rows = products.mean(axis=0)
    centred = products - means_of_rows - means_of_rows[:, np.newaxis] + products.mean()
    return centred / np.diag(centred).mean()


def of_words(texts: list[str], **options: Any) -> Floats:
    """Return the kernel of shares by inverse document frequency."""
    weighed = TfidfVectorizer(sublinear_tf=True, **options).fit_transform(texts)
    return kernel((weighed @ weighed.T).toarray())


def kernels(found: essays.Essays) -> dict[str, Floats]:
    """Return a kernel by what it is of."""
    read = read_essays(found)
    encoded = means(read.features.astype(np.float64), read, len(found.texts))
    # Some numbers of MiniLM's are the same for every text.
    encoded = encoded[:, encoded.std(axis=0) > 1e-6]
    encoded = (encoded - encoded.mean(axis=0)) / encoded.std(axis=0)
    one = {
        "encoder": kernel(encoded @ encoded.T),
        "words": of_words(found.texts, min_df=3),
        "pairs of words": of_words(found.texts, min_df=5, ngram_range=(2, 2)),
        "characters": of_words(found.texts, min_df=10, analyzer="char_wb", ngram_range=(3, 5)),
    }
    return one | {
        "encoder and words": (one["encoder"] + one["words"]) / 2,
        "all of them": np.mean([*one.values()], axis=0),
    }


def main() -> None:
    """Print accuracies, means of five traits in %."""
    found = essays.read(data_folder() / "text")
    draws = [
        np.random.default_rng(seed).permutation(len(found.texts)) % 10
        for seed in range(RANDOM_SPLITS)
    ]
    target = np.where(found.labels, 1.0, -1.0)
    scores = {
        name: [unseen(one, target, STRENGTH, folds) for folds in (found.folds, *draws)]
        for name, one in kernels(found).items()
    }
    scores["0.7 encoder + 0.3 words"] = [
        0.7 * encoder / encoder.std(axis=0) + 0.3 * words / words.std(axis=0)
        for encoder, words in zip(scores["encoder"], scores["words"], strict=True)
    ]
    for name, splits in scores.items():
        own, *others = (100 * float(((one > 0) == found.labels).mean()) for one in splits)
        answer = {"ten_folds": own, "random": fmean(others), "spread": pstdev(others)}
        print(json.dumps({"of": name, **{key: round(value, 2) for key, value in answer.items()}}))


if __name__ == "__main__":
    main()
