"""Items as rows of a batch: numpy only, no model and no device."""

from collections.abc import Sequence

import numpy as np

from esapr.inference.cards import Arrays


def stack(items: Sequence[Arrays], rows: int) -> Arrays:
    """Stack items into new arrays of ``rows`` rows; missing rows and short items are zeros."""
    batch = {}
    for name in items[0]:
        longest = max((item[name] for item in items), key=len)
        batch[name] = np.empty((rows, *longest.shape), longest.dtype)
    fill(batch, items)
    return batch


def fill(batch: Arrays, items: Sequence[Arrays]) -> None:
    """Write items into the rows of ``batch``; missing rows and short items become zeros."""
    for name, array in batch.items():
        for row, item in enumerate(items):
            values = item[name]
            array[row, : len(values)] = values
            array[row, len(values) :] = 0
        array[len(items) :] = 0
