"""What a session answers to the messages of one subscriber. No sockets."""

from msgspec import UNSET

from esapr.inference.emotions import LABELS
from esapr.protocol import VERSION, limits
from esapr.protocol.errors import CloseCode, ErrorCode, ProtocolError
from esapr.protocol.messages import (
    ClientMessage,
    Close,
    Configure,
    ConsentRevoke,
    Hello,
    Limits,
    Ping,
    Pong,
    ServerMessage,
    SessionConfig,
    SessionCreated,
    SessionUpdated,
    Text,
)
from esapr.server.sessions.endings import DONE, NOTICE, REVOKED
from esapr.server.sessions.outbox import Broadcast
from esapr.server.sessions.session import Session
from esapr.server.sessions.subscriber import Subscriber


class Dialogue:
    """Hands a subscriber's messages to the session and queues what it answers."""

    def __init__(self, session: Session, subscriber: Subscriber) -> None:
        """Answer ``subscriber``."""
        self._session = session
        self._subscriber = subscriber

    def handle(self, message: ClientMessage) -> None:
        """Do what a message asks for.

        Raises:
            ProtocolError: it cannot be done.
        """
        match message:
            case Ping():
                self._put(Pong(message.t, self._session.now_ms()))
            case ConsentRevoke():
                self._session.end(REVOKED)
            case Close():
                self._session.end(DONE)
            case Hello():
                self._greet(message)
            case Configure():
                self.expect_greeting()
                self._configure(message)
            case Text():
                self.expect_greeting()
                self._session.add_text(message)

    def expect_greeting(self) -> None:
        """Check that hello was said.

        Raises:
            ProtocolError: ``bad_message``.
        """
        if not self._subscriber.greeted:
            raise ProtocolError(ErrorCode.BAD_MESSAGE, "hello comes first", "type")

    def _greet(self, hello: Hello) -> None:
        if hello.version != VERSION:
            raise ProtocolError(
                ErrorCode.VERSION_UNSUPPORTED,
                f"this server speaks version {VERSION}",
                "version",
                CloseCode.BAD_MESSAGE,
            )
        if self._subscriber.greeted:
            raise ProtocolError(ErrorCode.BAD_MESSAGE, "hello was already said", "type")
        self._subscriber.greeted = True
        self._put(self._created())
        if hello.resume is not UNSET:
            self._session.audience.replay(self._subscriber, hello.resume.last_seq)

    def _created(self) -> SessionCreated:
        return SessionCreated(
            session=self._session.id,
            participant=self._session.participant,
            version=VERSION,
            t_ms=self._session.now_ms(),
            labels=list(LABELS),
            config=self._config(),
            limits=Limits(
                max_message_bytes=limits.MAX_MESSAGE_BYTES,
                max_text_characters=limits.MAX_TEXT_CHARACTERS,
                text_per_second=limits.TEXT_PER_SECOND,
                text_burst=limits.TEXT_BURST,
                max_image_bytes=limits.MAX_IMAGE_BYTES,
                max_image_pixels=limits.MAX_IMAGE_PIXELS,
                images_per_second=self._session.images_per_second,
                image_burst=limits.IMAGE_BURST,
                max_audio_bytes=limits.MAX_AUDIO_BYTES,
                max_audio_ms=limits.MAX_AUDIO_MS,
                max_capture_age_ms=limits.MAX_CAPTURE_AGE_MS,
            ),
            models=self._session.models,
            notice=NOTICE,
        )

    def _configure(self, change: Configure) -> None:
        self._session.configure(change)
        if change.detail is not UNSET:
            self._subscriber.detail = change.detail
        self._put(SessionUpdated(self._config()))

    def _config(self) -> SessionConfig:
        return SessionConfig(
            tick_ms=self._session.tick_ms,
            modalities=[modality.value for modality in self._session.modalities],
            detail=self._subscriber.detail,
        )

    def _put(self, message: ServerMessage) -> None:
        self._subscriber.put(Broadcast(message))
