"""One session's speech on its way to text, and back as a line of its own."""

from collections.abc import Callable
from typing import Protocol

from esapr.inference.signals import AudioWindow, Modality
from esapr.inference.voice.activity import Speech
from esapr.inference.voice.utterances import Utterances
from esapr.protocol.errors import ErrorCode, ProtocolError
from esapr.protocol.messages import Text
from esapr.protocol.requests import SessionRequest
from esapr.server.metrics import Metrics
from esapr.server.transcription import STAGE, Transcriber

AddLine = Callable[[Text], None]
"""Takes a line of text, or raises ProtocolError."""


class Listener(Protocol):
    """Takes in what is said."""

    def hear(self, window: AudioWindow, speech: Speech | None) -> None:
        """Take in a window that was scored."""


def check_transcribing(request: SessionRequest, transcriber: Transcriber | None) -> None:
    """Check that what is said can be written down, if a session or analysis asks for that.

    Raises:
        ProtocolError: ``config_invalid``.
    """
    if not request.transcribe:
        return
    if transcriber is None:
        problem = "this server writes no speech down"
    elif not {Modality.VOICE, Modality.TEXT} <= set(request.modalities):
        problem = "it needs the modalities voice and text"
    else:
        return
    raise ProtocolError(ErrorCode.CONFIG_INVALID, problem, "transcribe")


class Dictation:
    """Hands utterances to the transcriber, and their text to the session; a :class:`Listener`."""

    def __init__(self, transcriber: Transcriber, add_line: AddLine, metrics: Metrics) -> None:
        """Give each text to ``add_line``, as if it had been sent."""
        self._transcriber = transcriber
        self._add_line = add_line
        self._metrics = metrics
        self._utterances = Utterances()

    def hear(self, window: AudioWindow, speech: Speech | None) -> None:
        """Take in a window that was scored."""
        for utterance in self._utterances.add(window, speech):
            self._transcriber.put(utterance, self._take)

    def _take(self, text: str, at: float) -> None:
        try:
            self._add_line(Text(text, "transcript", round(at * 1000)))
        except ProtocolError as error:
            # Muted, paused or over meanwhile: nobody waits for an answer.
            self._metrics.dropped(STAGE, error.code, 1)


def dictation(
    request: SessionRequest, transcriber: Transcriber | None, add_line: AddLine, metrics: Metrics
) -> Dictation | None:
    """Return what writes down the session's speech, or None where it is not to be."""
    if not request.transcribe or transcriber is None:
        return None
    return Dictation(transcriber, add_line, metrics)
