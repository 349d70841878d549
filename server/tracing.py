"""Traces from frame to state, for those who want them: nothing is made unless it is configured.

A trace is one state: the interval in which its evidence came, the items that were scored in it,
their places in batches, and the making and sending of the state. :mod:`esapr.server.spans` makes it
out of OpenTelemetry's parts, which are installed with an extra only.
"""

from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from typing import Protocol

from esapr.inference.signals import EmotionState, Modality
from esapr.inference.tracing import BatchTracer
from esapr.protocol.messages import Level
from esapr.server.config import ConfigError, ServerConfig
from esapr.server.metrics import Metrics

NOTHING: AbstractContextManager[None] = nullcontext()


class SessionTrace(Protocol):
    """Follows the states of one session; times are session time, in seconds."""

    def item(self, modality: Modality, at: float) -> AbstractContextManager[None]:
        """Follow what is scored inside the block: an item that was captured at ``at``."""

    def exemplar(self) -> dict[str, str] | None:
        """Return what a metric names the present state's trace by, if there is one."""

    def made(self, state: EmotionState, level: Level, now: float) -> None:
        """Note that a state, which was made at ``now``, has just been sent; the next one begins."""

    def close(self) -> None:
        """End what has begun: there will be no further state."""


class Tracing(Protocol):
    """Follows what a server does."""

    @property
    def batches(self) -> BatchTracer | None:
        """What scorers tell of batches, if anybody wants to know."""

    def session(self, session_id: str, now: Callable[[], float]) -> SessionTrace:
        """Begin to follow a session whose time ``now`` tells."""

    async def aclose(self) -> None:
        """Hand over what was noted, for a few seconds at most."""


class NotTraced:
    """Follows nothing: both a :class:`Tracing` and each of its sessions."""

    batches: BatchTracer | None = None

    def session(self, session_id: str, now: Callable[[], float]) -> SessionTrace:
        """Follow nothing."""
        return self

    def item(self, modality: Modality, at: float) -> AbstractContextManager[None]:
        """Follow nothing."""
        return NOTHING

    def exemplar(self) -> dict[str, str] | None:
        """Return None."""
        return None

    def made(self, state: EmotionState, level: Level, now: float) -> None:
        """Note nothing."""

    def close(self) -> None:
        """End nothing."""

    async def aclose(self) -> None:
        """Hand over nothing."""


NOT_TRACED = NotTraced()


def open_tracing(config: ServerConfig, metrics: Metrics) -> Tracing:
    """Return what follows the server as it is configured.

    Raises:
        ConfigError: traces are wanted, and what makes them is not installed.
    """
    if config.otel_endpoint is None:
        return NOT_TRACED
    try:
        from esapr.server.spans import Spans
    except ImportError as error:
        raise ConfigError(f"otel_endpoint: {error}; pip install 'esapr[otel]'") from error
    return Spans(config.otel_endpoint, config.otel_sample, metrics.spans)
