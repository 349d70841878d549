"""The traits of a session or a document, as messages have them."""

from typing import get_args

from msgspec import UNSET, UnsetType

from esapr.inference.scoring import BatchFailedError, NotRunError
from esapr.inference.text.personality import TraitReader
from esapr.inference.text.traits import Estimate, TraitSums
from esapr.protocol.traits import Trait, Traits, TraitScore
from esapr.server.metrics import Metrics


async def read_line(reader: TraitReader, body: str, metrics: Metrics) -> None:
    """Read a line; a chunk that the model has no time for is counted and left out."""
    for chunk in reader.line(body):
        try:
            await reader.read(chunk)
        except NotRunError as error:
            metrics.dropped("traits", error.reason, 1)
        except BatchFailedError:
            metrics.dropped("traits", "failed", 1)


def traits_message(sums: TraitSums) -> Traits:
    """Return what was read so far."""
    estimate = sums.estimate()
    if estimate is None:
        return Traits(sums.words, None, "insufficient_text")
    return Traits(estimate.words, _scores(estimate), None)


def _scores(found: Estimate) -> dict[Trait, TraitScore]:
    rows = zip(found.score, found.low, found.high, strict=True)
    return {
        name: TraitScore(*(round(float(value), 4) for value in row))
        for name, row in zip(get_args(Trait), rows, strict=True)
    }


def traits_of(reader: TraitReader | None) -> Traits | UnsetType:
    """Return what was read so far, where somebody agreed to it."""
    return traits_message(reader.sums) if reader else UNSET
