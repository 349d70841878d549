"""Tables of the data sets of texts, which are Parquet files."""

from pathlib import Path
from typing import Any


class ReaderMissingError(Exception):
    """What reads the data set is not installed; the message says how to install it."""


def columns(file: Path, split: str | None = None) -> dict[str, list[Any]]:
    """Return the columns of ``file``, of one ``split`` where it is named.

    Raises:
        OSError: the file is missing or unreadable.
        ReaderMissingError: there is no pyarrow.
    """
    try:
        from pyarrow import parquet
    except ImportError as error:
        raise ReaderMissingError(
            "text is read with pyarrow: pip install 'esapr[evaluation]'"
        ) from error
    filters = [("split", "=", split)] if split else None
    found: dict[str, list[Any]] = parquet.read_table(file, filters=filters).to_pydict()
    return found
