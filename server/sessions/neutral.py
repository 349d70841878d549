"""One session's baseline: captured, handed out and brought back. No asyncio, no clock."""

from collections.abc import Callable

from esapr.inference.baseline import MODALITIES, BaselineCapture
from esapr.protocol import limits
from esapr.protocol.baselines import BaselineCaptured, BaselineLoad, BaselineStart
from esapr.protocol.errors import ErrorCode, ProtocolError
from esapr.protocol.messages import ServerMessage
from esapr.protocol.requests import SessionRequest
from esapr.server.sessions.refusals import error_message
from esapr.server.sessions.settings import Settings
from esapr.server.trust.baselines import Baselines, person_of

LATE_SECONDS = 0.5
"""For so long after its end a capture waits for the scores of its last pictures and windows."""

Reply = Callable[[ServerMessage], None]


class Neutral:
    """What a session does about its person's own neutral, if they agreed to that."""

    def __init__(
        self,
        session: str,
        holder: str,
        request: SessionRequest,
        settings: Settings,
        baselines: Baselines,
    ) -> None:
        """Change what the scores of a ``session`` are relative to."""
        self._session = session
        self._person = person_of(holder, request)
        self._agreed = "baseline" in (request.consent.covers if request.consent else ())
        self._own = settings.neutral
        self._settings = settings
        self._baselines = baselines
        self._reply: Reply | None = None

    def start(self, message: BaselineStart, now: float, reply: Reply) -> None:
        """Capture from session time ``now`` on; ``reply`` is told what came of it.

        Raises:
            ProtocolError: ``consent_required``, or ``config_invalid`` in a session of text only.
        """
        self._check_agreed()
        if not set(MODALITIES) & set(self._settings.modalities):
            problem = "a baseline is one of the face or the voice"
            raise ProtocolError(ErrorCode.CONFIG_INVALID, problem, "modalities")
        self._own.capture = BaselineCapture(now, now + message.capture_ms / 1000)
        self._reply = reply

    def load(self, message: BaselineLoad, now: float) -> None:
        """Let scores be relative to a baseline that is brought back at ``now`` of Unix time.

        Raises:
            ProtocolError: ``consent_required``, or why the blob is refused.
        """
        self._check_agreed()
        self._own.baseline = self._baselines.open(message.blob, self._person, now)

    def tick(self, now: float, unix: float) -> None:
        """End a capture that is over at session time ``now``."""
        capture, reply = self._own.capture, self._reply
        if capture is None or reply is None or now < capture.end + LATE_SECONDS:
            return
        self._own.capture = self._reply = None
        if not capture.seconds:
            nothing = "neither a face nor speech was there"
            reply(error_message(ProtocolError(ErrorCode.BASELINE_EMPTY, nothing)))
            return
        self._own.baseline = capture.baseline()
        blob = self._baselines.seal(self._own.baseline, self._person, unix)
        expires_ms = (int(unix) + limits.BASELINE_DAYS * 86_400) * 1000
        seconds = {each.value: round(length, 2) for each, length in capture.seconds.items()}
        reply(BaselineCaptured(self._session, seconds, blob, expires_ms))

    def _check_agreed(self) -> None:
        if not self._agreed:
            problem = "the receipt does not cover a baseline"
            raise ProtocolError(ErrorCode.CONSENT_REQUIRED, problem, "consent.covers")
