"""What a session finds at its gateway."""

from collections.abc import Callable
from dataclasses import dataclass, replace

from msgspec import UNSET

from esapr.inference.fusion import FusionConfig
from esapr.protocol.requests import SessionRequest
from esapr.server.config import ServerConfig
from esapr.server.metrics import Metrics
from esapr.server.pipeline import Analysers, Pipeline
from esapr.server.records.recorder import Recorder
from esapr.server.sessions.outbox import Broadcast
from esapr.server.support.aftercare import Aftercare
from esapr.server.support.help_lines import HelpLines
from esapr.server.support.watch import Watch
from esapr.server.transcription import Transcriber
from esapr.server.trust import traits
from esapr.server.trust.baselines import Baselines
from esapr.server.trust.notices import DEFAULT_LANGUAGE, Notices


@dataclass(frozen=True, slots=True)
class Host:
    """What a session finds at its gateway.

    ``publish`` takes a room's name and a message; ``owned`` says whether the gateway may still
    speak for its sessions; ``recorder`` keeps what they say; ``help_lines`` are all that there are;
    ``aftercare`` holds what sessions leave, by their ids; ``fusion`` is how scores are combined;
    ``baselines`` signs what is measured of people at rest; ``transcriber`` writes down speech.
    """

    config: ServerConfig
    pipeline: Pipeline
    metrics: Metrics
    notices: Notices
    publish: Callable[[str, Broadcast], None]
    owned: Callable[[], bool]
    recorder: Recorder
    help_lines: HelpLines
    aftercare: dict[str, Aftercare]
    fusion: FusionConfig
    baselines: Baselines
    transcriber: Transcriber | None = None

    def notice(self, request: SessionRequest) -> str:
        """Return what the people of a session are to be shown."""
        return self.notices.text(_language(request))

    def fusing(self, request: SessionRequest) -> FusionConfig:
        """Return how the scores of a session are combined and smoothed."""
        if request.smoothing_ms is UNSET:
            return self.fusion
        return replace(self.fusion, smoothing_half_life=request.smoothing_ms / 1000)

    def analysers(self, session: str, request: SessionRequest) -> Analysers:
        """Return fresh analysers for what a session was opened for."""
        covers = request.consent.covers if request.consent else ()
        return self.pipeline.analysers(
            session, traits=traits.allowed(request.purpose or "", covers)
        )

    def care_for(self, session: str, request: SessionRequest) -> Aftercare:
        """Begin what is left for after a session."""
        language = _language(request)
        care = Aftercare(
            purpose=request.purpose or "",
            language=language,
            agreed=request.consent is not UNSET and "recommendations" in request.consent.covers,
            watch=Watch(self.help_lines.of(request.jurisdiction or "", language)),
        )
        self.aftercare[session] = care
        return care


def _language(request: SessionRequest) -> str:
    return request.consent.language if request.consent else DEFAULT_LANGUAGE
