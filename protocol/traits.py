"""The Big Five of a person's own words, as far as a computer can guess them: hardly."""

from typing import Annotated, Literal

from msgspec import Meta, Struct

Trait = Literal["extraversion", "neuroticism", "agreeableness", "conscientiousness", "openness"]

Share = Annotated[float, Meta(ge=0.0, le=1.0)]


class TraitScore(Struct, frozen=True):
    """How likely it is that people whose essays read like this call themselves more so than most.

    More of the same person's text would bring ``score`` between ``low`` and ``high`` with a
    probability of 0.8. That says how much the score still depends on which words came so far, and
    nothing of how well words tell a trait.
    """

    score: Share
    low: Share
    high: Share


class Traits(Struct, frozen=True):
    """What ``words`` words show of all traits; before there are enough, ``abstain`` says so."""

    words: int
    scores: dict[Trait, TraitScore] | None
    abstain: Literal["insufficient_text"] | None
