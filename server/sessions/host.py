"""What a session finds at its gateway."""

from collections.abc import Callable
from dataclasses import dataclass

from esapr.protocol.requests import SessionRequest
from esapr.server.config import ServerConfig
from esapr.server.metrics import Metrics
from esapr.server.pipeline import Pipeline
from esapr.server.records.recorder import Recorder
from esapr.server.sessions.outbox import Broadcast
from esapr.server.support.help_lines import HelpLines
from esapr.server.support.watch import Watch
from esapr.server.trust.notices import DEFAULT_LANGUAGE, Notices


@dataclass(frozen=True, slots=True)
class Host:
    """What a session finds at its gateway.

    ``publish`` takes a room's name and a message; ``owned`` says whether the gateway may still
    speak for its sessions; ``recorder`` keeps what they say; ``help_lines`` are all that there are.
    """

    config: ServerConfig
    pipeline: Pipeline
    metrics: Metrics
    notices: Notices
    publish: Callable[[str, Broadcast], None]
    owned: Callable[[], bool]
    recorder: Recorder
    help_lines: HelpLines

    def notice(self, request: SessionRequest) -> str:
        """Return what the people of a session are to be shown."""
        return self.notices.text(_language(request))

    def watch(self, request: SessionRequest) -> Watch:
        """Return what looks at the text of a session, and names the help lines of its place."""
        return Watch(self.help_lines.of(request.jurisdiction or "", _language(request)))


def _language(request: SessionRequest) -> str:
    return request.consent.language if request.consent else DEFAULT_LANGUAGE
