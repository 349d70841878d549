"""How sure a state has to be to name a class: surer, while another one is not gone."""

from esapr.inference.emotions import Scores
from esapr.inference.reliability import Learned


class Naming:
    """Whether states name their first class, given what they named before."""

    def __init__(self, learned: Learned) -> None:
        """Go by the thresholds of ``learned``."""
        self._learned = learned
        self.named: int | None = None
        """The class that was named last."""

    def names(self, probs: Scores) -> bool:
        """Return whether the state with these probabilities names a class; call with each.

        The class that was named last needs ``min_confidence``. Another one needs ``raised`` more
        while the last one still has ``gone``, and ``eased`` less once it has not.
        """
        first = int(probs.argmax())
        needed = self._learned.min_confidence
        if self.named is not None and first != self.named:
            gone = probs[self.named] < self._learned.gone
            needed += -self._learned.eased if gone else self._learned.raised
        sure = bool(probs[first] >= needed)
        if sure:
            self.named = first
        return sure
