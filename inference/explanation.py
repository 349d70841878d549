"""What a state rests on: how much each modality speaks for the class that is first.

The log-odds of the first class over the second one in the pool are a sum over the modalities; no
approximation is made. They are those before smoothing.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from esapr.inference.emotions import Emotion, Scores
from esapr.inference.reliability import Learned, evidence
from esapr.inference.signals import Modality, ModalityState


@dataclass(frozen=True, slots=True)
class Share:
    """What one modality adds to the log-odds, and why it does not count more.

    ``exponent`` is ``weight · of_coverage · of_age · of_change``: the learned weight, and what
    coverage (and with it quality), age and a sharp change of the face have left of it, each in
    [0, 1].
    """

    log_odds: float
    exponent: float
    weight: float
    of_coverage: float
    of_age: float
    of_change: float


@dataclass(frozen=True, slots=True)
class Explanation:
    """Why ``first`` comes before ``second``; the shares' log-odds sum to ``log_odds``."""

    first: Emotion
    second: Emotion
    log_odds: float
    shares: Mapping[Modality, Share]


def explain(
    pooled: Scores, parts: Mapping[Modality, ModalityState], learned: Learned
) -> Explanation:
    """Return what ``pooled`` ``[7]``, the pool of ``parts``, rests on."""
    first, second = (Emotion(int(place)) for place in np.argsort(-pooled, kind="stable")[:2])
    shares = {}
    for modality, part in parts.items():
        says, reliability = evidence(part.probs), learned.modalities[modality]
        shares[modality] = Share(
            part.exponent * float(says[first] - says[second]),
            part.exponent,
            reliability.weight,
            float(part.coverage**reliability.coverage_power),
            reliability.fading(part.age),
            part.left,
        )
    return Explanation(first, second, sum(share.log_odds for share in shares.values()), shares)
