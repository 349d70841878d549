"""Numbers on a command line."""

import click


def ascending(text: str) -> list[int]:
    """Return numbers from 1 on with commas between, such as ``1,2,4``.

    Raises:
        click.BadParameter: they do not ascend, or are none.
    """
    try:
        counts = [int(count) for count in text.split(",")]
    except ValueError:
        counts = []
    if not counts or min(counts) < 1 or counts != sorted(set(counts)):
        raise click.BadParameter("ascending numbers with commas between")
    return counts
