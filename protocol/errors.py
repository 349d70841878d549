"""Stable error codes and WebSocket close codes (RFC 6455, section 7.4; 4xxx are ours)."""

from enum import IntEnum, StrEnum
from http import HTTPStatus


class ErrorCode(StrEnum):
    """What went wrong. Codes never change their meaning; messages may."""

    BAD_MESSAGE = "bad_message"
    BASELINE_EMPTY = "baseline_empty"
    BASELINE_FOREIGN = "baseline_foreign"
    BASELINE_INVALID = "baseline_invalid"
    BASELINE_OUTDATED = "baseline_outdated"
    BEHIND = "behind"
    CONFIG_INVALID = "config_invalid"
    CONFIG_LOCKED = "config_locked"
    CONSENT_REQUIRED = "consent_required"
    CONSENT_REVOKED = "consent_revoked"
    DOCUMENT_ENCRYPTED = "document_encrypted"
    DOCUMENT_INVALID = "document_invalid"
    DOCUMENT_TOO_LARGE = "document_too_large"
    DOCUMENT_WITHOUT_TEXT = "document_without_text"
    ETAG_MISMATCH = "etag_mismatch"
    ETAG_REQUIRED = "etag_required"
    ICE_NOT_CONNECTED = "ice_not_connected"
    INTERNAL = "internal"
    MEDIA_CONFLICT = "media_conflict"
    MEDIA_INVALID = "media_invalid"
    MEDIA_UNSUPPORTED = "media_unsupported"
    MESSAGE_TOO_BIG = "message_too_big"
    METHOD_NOT_ALLOWED = "method_not_allowed"
    MOVED = "moved"
    MUTED = "muted"
    NOT_FOUND = "not_found"
    OVERLOADED = "overloaded"
    PAUSED = "paused"
    POLICY_REFUSED = "policy_refused"
    RATE_LIMITED = "rate_limited"
    RECORDING_TOO_LONG = "recording_too_long"
    RECORDS_AWAY = "records_away"
    ROOM_FULL = "room_full"
    SCOPE_MISSING = "scope_missing"
    SDP_INVALID = "sdp_invalid"
    SDP_UNACCEPTABLE = "sdp_unacceptable"
    SDP_WITHOUT_MEDIA = "sdp_without_media"
    SESSION_CLOSED = "session_closed"
    SHUTTING_DOWN = "shutting_down"
    SIGN_IN_REQUIRED = "sign_in_required"
    TEXT_EMPTY = "text_empty"
    TEXT_TOO_LONG = "text_too_long"
    TOKEN_INVALID = "token_invalid"
    TOO_MANY_CANDIDATES = "too_many_candidates"
    TOO_MANY_FEEDS = "too_many_feeds"
    TOO_MANY_NOTES = "too_many_notes"
    TOO_MANY_TOKENS = "too_many_tokens"
    TOO_SLOW = "too_slow"
    UNRESPONSIVE = "unresponsive"
    VERSION_UNSUPPORTED = "version_unsupported"

    @property
    def retryable(self) -> bool:
        """Whether the same call may succeed later."""
        return self in _RETRYABLE

    @property
    def status(self) -> HTTPStatus:
        """Status of an HTTP answer with this code; 400 for those that only the feed sends."""
        return _STATUS.get(self, HTTPStatus.BAD_REQUEST)


_RETRYABLE = frozenset(
    {
        ErrorCode.BASELINE_EMPTY,
        ErrorCode.BEHIND,
        ErrorCode.ICE_NOT_CONNECTED,
        ErrorCode.INTERNAL,
        ErrorCode.MOVED,
        ErrorCode.OVERLOADED,
        ErrorCode.RATE_LIMITED,
        ErrorCode.RECORDS_AWAY,
        ErrorCode.ROOM_FULL,
        ErrorCode.SHUTTING_DOWN,
        ErrorCode.TOO_MANY_FEEDS,
        ErrorCode.TOO_SLOW,
        ErrorCode.UNRESPONSIVE,
    }
)

_STATUS = {
    ErrorCode.CONSENT_REQUIRED: HTTPStatus.FORBIDDEN,
    ErrorCode.CONSENT_REVOKED: HTTPStatus.GONE,
    ErrorCode.DOCUMENT_ENCRYPTED: HTTPStatus.UNPROCESSABLE_ENTITY,
    ErrorCode.DOCUMENT_INVALID: HTTPStatus.UNPROCESSABLE_ENTITY,
    ErrorCode.DOCUMENT_TOO_LARGE: HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
    ErrorCode.DOCUMENT_WITHOUT_TEXT: HTTPStatus.UNPROCESSABLE_ENTITY,
    ErrorCode.ETAG_MISMATCH: HTTPStatus.PRECONDITION_FAILED,
    ErrorCode.ETAG_REQUIRED: HTTPStatus.PRECONDITION_REQUIRED,
    ErrorCode.ICE_NOT_CONNECTED: HTTPStatus.CONFLICT,
    ErrorCode.INTERNAL: HTTPStatus.INTERNAL_SERVER_ERROR,
    ErrorCode.MEDIA_UNSUPPORTED: HTTPStatus.UNSUPPORTED_MEDIA_TYPE,
    ErrorCode.MESSAGE_TOO_BIG: HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
    ErrorCode.METHOD_NOT_ALLOWED: HTTPStatus.METHOD_NOT_ALLOWED,
    ErrorCode.MOVED: HTTPStatus.SERVICE_UNAVAILABLE,
    ErrorCode.NOT_FOUND: HTTPStatus.NOT_FOUND,
    ErrorCode.OVERLOADED: HTTPStatus.SERVICE_UNAVAILABLE,
    ErrorCode.POLICY_REFUSED: HTTPStatus.FORBIDDEN,
    ErrorCode.RATE_LIMITED: HTTPStatus.TOO_MANY_REQUESTS,
    ErrorCode.RECORDING_TOO_LONG: HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
    ErrorCode.RECORDS_AWAY: HTTPStatus.SERVICE_UNAVAILABLE,
    ErrorCode.ROOM_FULL: HTTPStatus.SERVICE_UNAVAILABLE,
    ErrorCode.SCOPE_MISSING: HTTPStatus.FORBIDDEN,
    ErrorCode.SDP_UNACCEPTABLE: HTTPStatus.NOT_ACCEPTABLE,
    ErrorCode.SESSION_CLOSED: HTTPStatus.CONFLICT,
    ErrorCode.SHUTTING_DOWN: HTTPStatus.SERVICE_UNAVAILABLE,
    ErrorCode.SIGN_IN_REQUIRED: HTTPStatus.UNAUTHORIZED,
    ErrorCode.TOKEN_INVALID: HTTPStatus.UNAUTHORIZED,
    ErrorCode.TOO_MANY_CANDIDATES: HTTPStatus.UNPROCESSABLE_ENTITY,
    ErrorCode.TOO_MANY_FEEDS: HTTPStatus.TOO_MANY_REQUESTS,
    ErrorCode.TOO_MANY_NOTES: HTTPStatus.CONFLICT,
    ErrorCode.TOO_MANY_TOKENS: HTTPStatus.CONFLICT,
    ErrorCode.TOO_SLOW: HTTPStatus.REQUEST_TIMEOUT,
}


class WarningCode(StrEnum):
    """A condition that degrades the states; sent when it begins and when it ends."""

    NO_FACE = "no_face"
    DARK = "dark"
    BLURRED = "blurred"
    TURNED = "turned"
    SMALL = "small"
    SEVERAL_FACES = "several_faces"
    SILENT = "silent"
    QUIET = "quiet"
    CLIPPED = "clipped"
    NOISY = "noisy"
    UNSUPPORTED_LANGUAGE = "unsupported_language"
    VIDEO_ENDED = "video_ended"
    AUDIO_ENDED = "audio_ended"
    RATE_REDUCED = "rate_reduced"
    UNRESPONSIVE = "unresponsive"

    @property
    def description(self) -> str:
        """What to tell a person."""
        return _DESCRIPTIONS[self]


_DESCRIPTIONS = {
    WarningCode.NO_FACE: "no face is in the picture",
    WarningCode.DARK: "the picture is too dark",
    WarningCode.BLURRED: "the picture is blurred",
    WarningCode.TURNED: "the face is turned away",
    WarningCode.SMALL: "the face is too small in the picture",
    WarningCode.SEVERAL_FACES: "several faces are in the picture; one of them is measured",
    WarningCode.SILENT: "the microphone is silent",
    WarningCode.QUIET: "the voice is too quiet",
    WarningCode.CLIPPED: "the sound is too loud and clips",
    WarningCode.NOISY: "there is music or noise in the sound",
    WarningCode.UNSUPPORTED_LANGUAGE: "the last line is in a language that is not read",
    WarningCode.VIDEO_ENDED: "the video track has ended",
    WarningCode.AUDIO_ENDED: "the audio track has ended",
    WarningCode.RATE_REDUCED: "the server is busy and analyses fewer pictures",
    WarningCode.UNRESPONSIVE: "nothing has come from this client for a while",
}


class CloseCode(IntEnum):
    """Why a feed is closed. Clients reconnect on 1001, 1006, 1011, 1012 and 1013."""

    DONE = 1000
    SHUTDOWN = 1001
    TOO_BIG = 1009
    INTERNAL = 1011
    RESTART = 1012
    TRY_LATER = 1013
    BAD_MESSAGE = 4400
    TOKEN = 4401
    POLICY = 4403
    IDLE = 4408
    RATE = 4429


class ProtocolError(Exception):
    """A message or request that breaks the protocol.

    ``field`` names the offending field as a path (``consent.given_at``), if there is one;
    ``close`` says that the feed closes over it, and how; ``rule`` names the rule of the policy.
    """

    def __init__(
        self,
        code: ErrorCode,
        message: str,
        field: str | None = None,
        close: CloseCode | None = None,
        *,
        rule: str | None = None,
    ) -> None:
        """Keep the code that goes to the sender."""
        super().__init__(message)
        self.code = code
        self.message = message
        self.field = field
        self.close = close
        self.rule = rule
