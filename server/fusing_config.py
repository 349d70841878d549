"""Settings of how scores become states."""

from dataclasses import dataclass

SMOOTHINGS = ("exponential", "bayes")


@dataclass(frozen=True, slots=True)
class FusingConfig:
    """How modalities are weighed and states are smoothed (docs/explanation/fusion.md)."""

    fusion_file: str | None = None
    """Weights of the deployment (TOML), in place of those that were learned."""

    smoothing: str = "exponential"
    """``exponential``, by ``smoothing_half_life``, or ``bayes``, by the file's rates."""

    smoothing_half_life: float = 0.0
    """Seconds after which an old expression has lost half of its influence."""

    def fusing_problem(self) -> str | None:
        """Return what is wrong with these settings, naming one; None if nothing is."""
        if self.smoothing not in SMOOTHINGS:
            return f"smoothing must be {' or '.join(SMOOTHINGS)}"
        if not 0 <= self.smoothing_half_life <= 60:
            return "smoothing_half_life must lie between 0 and 60"
        return None
