"""Items as rows of a batch: numpy only, no model and no device."""

from collections.abc import Sequence

import numpy as np

from esapr.inference.cards import Arrays

LENGTH_STEP = 8
"""Sixteen lines of chat in one batch are half padding, in groups of eight tokens a tenth."""


def stack(items: Sequence[Arrays], rows: int) -> Arrays:
    """Stack items into new arrays of ``rows`` rows; missing rows and short items are zeros."""
    batch = blank(longest(items), rows)
    clear(batch, len(items))
    fill(batch, items)
    return batch


def longest(items: Sequence[Arrays]) -> Arrays:
    """Return of each array the longest that an item has."""
    return {name: max((item[name] for item in items), key=len) for name in items[0]}


def of_like_length(items: Sequence[Arrays]) -> list[list[int]]:
    """Return the numbers of the items in groups whose padding costs less than runs of their own.

    The longest array of an item is its length; those of a group fall into the same multiple of
    :data:`LENGTH_STEP`.
    """
    groups: dict[int, list[int]] = {}
    for number, item in enumerate(items):
        length = max(len(array) for array in item.values())
        groups.setdefault(-(-length // LENGTH_STEP), []).append(number)
    return list(groups.values())


def blank(like: Arrays, rows: int) -> Arrays:
    """Return new arrays, not initialised, of ``rows`` rows that are each shaped as in ``like``."""
    return {name: np.empty((rows, *row.shape), row.dtype) for name, row in like.items()}


def clear(batch: Arrays, used: int) -> None:
    """Set the rows behind the first ``used`` to zero."""
    for array in batch.values():
        array[used:] = 0


def fill(batch: Arrays, items: Sequence[Arrays]) -> None:
    """Write items into the first rows of ``batch``; short items are padded with zeros."""
    for name, array in batch.items():
        for row, item in enumerate(items):
            values = item[name]
            array[row, : len(values)] = values
            array[row, len(values) :] = 0
