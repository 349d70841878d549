"""What a session finds at its gateway."""

from collections.abc import Callable
from dataclasses import dataclass

from esapr.protocol.requests import SessionRequest
from esapr.server.config import ServerConfig
from esapr.server.metrics import Metrics
from esapr.server.pipeline import Pipeline
from esapr.server.records.recorder import Recorder
from esapr.server.sessions.outbox import Broadcast
from esapr.server.trust.notices import DEFAULT_LANGUAGE, Notices


@dataclass(frozen=True, slots=True)
class Host:
    """What a session finds at its gateway.

    ``publish`` takes a room's name and a message; ``owned`` says whether the gateway may still
    speak for its sessions; ``recorder`` keeps what they say.
    """

    config: ServerConfig
    pipeline: Pipeline
    metrics: Metrics
    notices: Notices
    publish: Callable[[str, Broadcast], None]
    owned: Callable[[], bool]
    recorder: Recorder

    def notice(self, request: SessionRequest) -> str:
        """Return what the people of a session are to be shown."""
        return self.notices.text(request.consent.language if request.consent else DEFAULT_LANGUAGE)
