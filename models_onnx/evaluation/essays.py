"""Essays whose authors answered a Big Five questionnaire (Pennebaker & King 1999)."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from esapr.inference.text.traits import TRAITS
from esapr.models_onnx.evaluation.tables import columns

COLUMNS = ("EXT", "NEU", "AGR", "CON", "OPN")
assert len(COLUMNS) == len(TRAITS)


@dataclass(frozen=True)
class Essays:
    """``labels`` bool ``[N, 5]``, above the median or not; ``folds`` int64 ``[N]``, of ten.

    Every essay has an author of its own.
    """

    texts: list[str]
    labels: NDArray[np.bool_]
    folds: NDArray[np.int64]


def read(folder: Path) -> Essays:
    """Return all essays in ``folder``.

    Raises:
        OSError: the file is missing or unreadable.
        ReaderMissingError: there is no pyarrow.
    """
    rows = columns(folder / "essays_bigfive.parquet")
    labels = np.array([rows[column] for column in COLUMNS]).T == 1
    return Essays(rows["text"], labels, np.array(rows["fold10"], np.int64))
