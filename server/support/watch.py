"""Help lines for one session, or one document, that speaks of self-harm. No asyncio, no clock."""

from collections.abc import Sequence

from esapr.protocol import limits
from esapr.protocol.events import Event, HelpLine
from esapr.server.support.self_harm import rule_found


class Watch:
    """Looks at lines of text, keeps none of them, and makes no score of them."""

    def __init__(self, help_lines: Sequence[HelpLine]) -> None:
        """Name ``help_lines`` to those who need them."""
        self.help_lines = list(help_lines)
        self.told_at: float | None = None
        """When they were named last, in seconds of session time."""

    def line(self, body: str, at: float) -> Event | None:
        """Return what is to be said of a line, taken in at ``at``.

        That is nothing within ``SUPPORT_PAUSE_SECONDS`` after the last time.
        """
        told = self.told_at
        if told is not None and at < told + limits.SUPPORT_PAUSE_SECONDS:
            return None
        if rule_found(body) is None:
            return None
        self.told_at = at
        return Event("support_resources", round(at * 1000), help_lines=self.help_lines)
