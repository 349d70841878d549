"""Errors that a user can do something about, as messages of a command."""

from collections.abc import Iterator
from contextlib import contextmanager

import click


@contextmanager
def told(*kinds: type[Exception]) -> Iterator[None]:
    """Say errors of ``kinds`` in a line, those of a group too, if it holds no others.

    Raises:
        click.ClickException: instead of them.
        BrokenPipeError: who read the lines has seen enough; Click ends without a word.
    """
    try:
        yield
    except BrokenPipeError:
        raise
    except ExceptionGroup as group:
        if group.split(BrokenPipeError)[1] is None:
            raise _leaves(group)[0] from None
        failures, unforeseen = group.split(kinds)
        if unforeseen or failures is None:
            raise
        raise click.ClickException(
            "; ".join(_said(error) for error in _leaves(failures))
        ) from group
    except kinds as error:
        raise click.ClickException(_said(error)) from error


def _said(error: Exception) -> str:
    return str(error) or type(error).__name__


def _leaves(group: ExceptionGroup[Exception]) -> list[Exception]:
    """Return the exceptions inside a group, however deep."""
    return [
        leaf
        for error in group.exceptions
        for leaf in (_leaves(error) if isinstance(error, ExceptionGroup) else [error])
    ]
