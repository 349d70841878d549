"""What a state rests on, for sessions that asked for it."""

from msgspec import Struct

from esapr.protocol.requests import Modality


class Share(Struct, frozen=True):
    """What a modality adds to the log-odds, and what is left of its learned ``weight``.

    ``of_coverage`` is what coverage and quality have left of it, ``of_age`` what age has, and
    ``of_change`` a face that has turned to another class since; 1 is all.
    """

    log_odds: float
    weight: float
    of_coverage: float
    of_age: float
    of_change: float


class Explanation(Struct, frozen=True):
    """Why ``first`` comes before ``second`` in ``raw``, the probabilities before smoothing.

    The ``log_odds`` of the shares sum to that of the two labels.
    """

    raw: list[float]
    first: str
    second: str
    log_odds: float
    shares: dict[Modality, Share]
