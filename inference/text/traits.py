"""Traits of all that somebody wrote, from sums over chunks of it. No asyncio, no clock.

A chunk's logits are a mean over its words, so sums of them over chunks are all that has to be
kept. What a mean over ``n`` words says of the mean over everything that the person would write is
the normal model with a normal prior (Gelman et al., Bayesian Data Analysis, 2.5): means of people
vary by ``between``, and a mean over ``n`` words varies by ``within / n`` around a person's own.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Self

import msgspec
import numpy as np
from numpy.typing import NDArray

from esapr.inference.cards import ModelCard

TRAITS = ("extraversion", "neuroticism", "agreeableness", "conscientiousness", "openness")
"""Their order in every array."""

CHUNK_TOKENS = 200
"""Tokens that are read at a time, [CLS] and [SEP] not counted."""

LEAST_WORDS = 200
"""Fewer words say nothing: docs/explanation/traits.md has what more of them say."""

CLS, SEP = 101, 102

_TAIL = 1.2816
"""Standard deviations that hold the middle 80 % of a normal distribution."""

Row = NDArray[np.float64]
"""A value a trait."""


class _Priors(msgspec.Struct, frozen=True):
    mean: list[float]
    between: list[float]
    within: list[float]


@dataclass(frozen=True, slots=True)
class Priors:
    """How logits vary: ``mean`` and variance ``between`` people, and ``within`` one, a word."""

    mean: Row
    between: Row
    within: Row

    @classmethod
    def read(cls, card: ModelCard) -> Self:
        """Return those of a model.

        Raises:
            HashMismatchError: the file is not the one of the card.
        """
        found = msgspec.json.decode(card.file("priors.json"), type=_Priors)
        return cls(*(np.array(row) for row in (found.mean, found.between, found.within)))


@dataclass(frozen=True, slots=True)
class TraitMemory:
    """What a :class:`TraitSums` goes on from."""

    words: int
    sums: list[float]


@dataclass(frozen=True, slots=True)
class Estimate:
    """Probabilities of ``words`` words, each with the ends of the middle 80 % of its range."""

    words: int
    score: Row
    low: Row
    high: Row


class TraitSums:
    """Five sums and a count of words, which say nothing of what was written."""

    def __init__(self, priors: Priors) -> None:
        """Start with no words."""
        self._priors = priors
        self.words = 0
        """Words so far, as :func:`words_in` counts them."""
        self._sums = np.zeros(len(TRAITS))

    def add(self, logits: NDArray[np.float32], words: int) -> None:
        """Take in the logits, ``[5]``, of a chunk of so many words."""
        self._sums += words * logits.astype(np.float64)
        self.words += words

    def memory(self) -> TraitMemory:
        """Return what is needed to go on elsewhere."""
        return TraitMemory(self.words, self._sums.tolist())

    def recall(self, memory: TraitMemory) -> None:
        """Go on from there."""
        self.words, self._sums = memory.words, np.array(memory.sums)

    def estimate(self) -> Estimate | None:
        """Return what the words so far say, or None before there are LEAST_WORDS of them."""
        if self.words < LEAST_WORDS:
            return None
        prior, noise = self._priors, self._priors.within / self.words
        trust = prior.between / (prior.between + noise)
        mean = prior.mean + trust * (self._sums / self.words - prior.mean)
        spread = _TAIL * np.sqrt(trust * noise)
        return Estimate(self.words, *map(_probability, (mean, mean - spread, mean + spread)))


def _probability(logits: Row) -> Row:
    return np.asarray(1 / (1 + np.exp(-logits)), np.float64)


@dataclass(frozen=True, slots=True)
class Token:
    """A word piece of the vocabulary, and whether a word begins with it."""

    id: int
    begins: bool


class Chunks:
    """Cuts what is written into chunks: only the last, which is not full yet, is held."""

    def __init__(self) -> None:
        """Start with nothing."""
        self._held: list[Token] = []

    def add(self, ids: Sequence[int], pieces: Sequence[str]) -> Iterator[Sequence[Token]]:
        """Take in the tokens of a line; yield every chunk that is full."""
        for number, piece in zip(ids, pieces, strict=True):
            # The vocabulary marks what goes on inside a word by "##".
            self._held.append(Token(number, piece[0].isalnum()))
            if len(self._held) == CHUNK_TOKENS:
                yield from self.rest()

    def rest(self) -> Iterator[Sequence[Token]]:
        """Yield what is held, if it is anything."""
        if self._held:
            chunk, self._held = self._held, []
            yield chunk


def words_in(chunk: Sequence[Token]) -> int:
    """Return how many words begin in a chunk; "don't" is two."""
    return sum(token.begins for token in chunk)
