"""What concerns the states: how many, how late, and what they rest on. No score is among it."""

from functools import partial
from typing import get_args

from prometheus_client import CollectorRegistry, Counter, Histogram

from esapr.inference.signals import Abstain, EmotionState, Modality
from esapr.protocol.messages import Level
from esapr.server.metrics import buckets


class FusionMetrics:
    """States; each series begins at zero, so that a rate sees the first one."""

    def __init__(self, registry: CollectorRegistry) -> None:
        """Create the metrics in ``registry``."""
        counter = partial(Counter, registry=registry)
        seconds = partial(Histogram, registry=registry)
        shares = partial(Histogram, buckets=buckets.SHARES, registry=registry)
        self._states = counter("esapr_states_total", "States published", ["fused", "level"])
        self._abstained = counter(
            "esapr_abstained_total", "States without a fused expression", ["reason"]
        )
        self._weight = shares(
            "esapr_fusion_weight", "Weight of a modality in a state", ["modality"]
        )
        self._coverage = shares(
            "esapr_fusion_coverage",
            "Share of a modality's interval that carried evidence",
            ["modality"],
        )
        self._capture_to_state = seconds(
            "esapr_capture_to_state_seconds",
            "Capture of the newest evidence to its state",
            buckets=buckets.CAPTURE_TO_STATE,
        )
        self.lateness = seconds(
            "esapr_state_lateness_seconds",
            "How late a state was made after its due time",
            buckets=buckets.LATENESS,
        )
        self._begin_at_zero()

    def _begin_at_zero(self) -> None:
        for level in get_args(Level):
            for fused in ("true", "false"):
                self._states.labels(fused, level)
        for reason in Abstain:
            self._abstained.labels(reason)
        for modality in Modality:
            self._weight.labels(modality)
            self._coverage.labels(modality)

    def state(
        self,
        state: EmotionState,
        level: Level,
        seconds: float | None,
        exemplar: dict[str, str] | None,
    ) -> None:
        """Note a state made ``seconds`` after the capture of its newest evidence, if that is new.

        ``exemplar`` names the trace of the state, if there is one.
        """
        self._states.labels(str(state.fused is not None).lower(), level).inc()
        if state.abstain is not None:
            self._abstained.labels(state.abstain).inc()
        for modality, part in state.modalities.items():
            self._weight.labels(modality).observe(part.weight)
            self._coverage.labels(modality).observe(part.coverage)
        if seconds is not None:
            self._capture_to_state.observe(seconds, exemplar)
