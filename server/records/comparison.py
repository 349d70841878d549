"""A session beside others: the participant's own earlier ones, and a group. No asyncio, no clock.

A group is named only in tens (k-anonymity, k = PEOPLE): its figures are means over a multiple of
PEOPLE people, each counting once, with two digits. Two reports then differ by ten people or by
none, never by the one who has just agreed.
"""

from collections.abc import Sequence

import numpy as np

from esapr.protocol.report import Cohort, Comparison, EarlierSession, Expression

PEOPLE = 10
"""Fewest people of a group, and the step in which it grows."""

MOST_PEOPLE = 50
"""People of a group at most: each is a session to be read."""

_DIGITS = 4
_GROUP_DIGITS = 2

_Vector = np.ndarray[tuple[int, ...], np.dtype[np.float64]]


def comparison(mean: Expression | None, earlier: Sequence[EarlierSession]) -> Comparison | None:
    """Return a session's mean beside those of earlier ones, if there is both."""
    if mean is None or not earlier:
        return None
    theirs = _mean([session.expression for session in earlier])
    return Comparison(list(earlier), _expression(_vector(mean) - theirs, _DIGITS))


def cohort(mean: Expression | None, people: Sequence[Expression]) -> Cohort | None:
    """Return a session's mean beside those of ``people``, one each, in an order that stays.

    The first tens of them count; None if there are too few, or there is no mean.
    """
    count = len(people) // PEOPLE * PEOPLE
    if mean is None or not count:
        return None
    theirs = _mean(people[:count]).round(_GROUP_DIGITS)
    change = _expression(_vector(mean) - theirs, _DIGITS)
    return Cohort(count, _expression(theirs, _GROUP_DIGITS), change)


def _mean(expressions: Sequence[Expression]) -> _Vector:
    mean: _Vector = np.mean([_vector(each) for each in expressions], axis=0)
    return mean


def _vector(mean: Expression) -> _Vector:
    return np.array([*mean.probs, mean.confidence, mean.valence, mean.arousal])


def _expression(vector: _Vector, digits: int) -> Expression:
    *probs, confidence, valence, arousal = (float(each) for each in vector.round(digits))
    return Expression(probs, confidence, valence, arousal)
