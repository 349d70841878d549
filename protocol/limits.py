"""Every limit of the wire, documented in ``docs/reference/limits.md`` and tested at its edge."""

MAX_MESSAGE_BYTES = 4 * 1024 * 1024
"""Largest WebSocket message; a larger one closes the socket with 1009."""

MAX_TEXT_CHARACTERS = 4_000
"""Longest ``text.body``; a longer one is refused with ``text_too_long``."""

MAX_SDP_BYTES = 64 * 1024
"""Largest SDP offer or fragment; a larger one is refused with ``message_too_big`` (413)."""

MAX_SDP_LINES = 1_000
MAX_SDP_LINE_CHARACTERS = 1_000
MAX_SDP_SECTIONS = 3
MAX_SDP_CODECS = 128
"""Lines, characters a line, media sections and ``rtpmap`` lines of an SDP offer; more are refused
with ``sdp_unacceptable`` (406)."""

MAX_ICE_CANDIDATES = 100
"""Candidates that one ICE session takes from a client, as many as RFC 8445 checks pairs; one more
is refused with ``too_many_candidates`` (422)."""

MAX_REQUEST_BYTES = 64 * 1024
"""Largest JSON request body; a larger one is refused with ``message_too_big`` (413)."""

BODY_SECONDS = 10.0
"""How long the body of a request may take to come; then it is refused with ``too_slow`` (408)."""

CALL_BURST = 200
CALLS_PER_SECOND = 20.0
"""Token bucket for ``POST`` and ``PATCH`` calls, one for each key or token and one for each address
that is not this machine's; what exceeds one is refused with ``rate_limited`` (429)."""

FAILURE_BURST = 50
FAILURES_PER_SECOND = 0.5
"""Token bucket for calls whose key or token is wrong, one for each address; while it is empty, all
calls from there that need a key or token are refused with ``rate_limited`` (429)."""

MAX_CALLERS = 50_000
"""Callers whose rates are remembered; the one heard of longest ago is forgotten first."""

MAX_NAME_CHARACTERS = 128
"""Longest participant, room or subject name."""

MAX_CONSENT_AHEAD_SECONDS = 60
"""How far in the future, for clocks that differ, consent may have been given; else
``consent_required``."""

MIN_TICK_MS = 100
MAX_TICK_MS = 5_000
DEFAULT_TICK_MS = 1_000
"""Time between two states, in milliseconds."""

MAX_SMOOTHING_MS = 60_000
"""Longest half-life of the smoothing of states."""

MIN_BASELINE_SECONDS = 3
MAX_BASELINE_SECONDS = 10
DEFAULT_BASELINE_SECONDS = 5
"""How long a person's own neutral is captured."""

MAX_BASELINE_CHARACTERS = 4_096
"""Longest blob of a baseline."""

BASELINE_DAYS = 30
"""For so long a baseline can be brought back; then it is refused with ``baseline_outdated``."""

MAX_PDFS = 4
"""Reports that a process prints or has waiting as PDF; one more is refused with ``overloaded``."""

MAX_IMAGE_BYTES = 2_000_000
"""Largest picture in a media message; a larger one is refused with ``message_too_big``."""

MAX_IMAGE_PIXELS = 8_300_000
"""Most pixels of a picture, by its header; one with more is refused with ``media_invalid``."""

MAX_JPEG_SCANS = 50
"""Most scans of a JPEG; one with more is refused with ``media_invalid``. Progressive pictures have
about ten, each of which has all pixels gone over again: twenty bytes may cost milliseconds."""

MIN_IMAGE_SIDE = 16
"""Fewest pixels of a picture's shorter side; one with fewer is refused with ``media_invalid``."""

IMAGE_BURST = 10
"""Pictures in media messages that may come at once; on average ``analysed_fps`` a second."""

MAX_AUDIO_BYTES = 192_000
"""Most bytes of sound in a media message; more are refused with ``message_too_big``."""

MAX_AUDIO_MS = 2_000
"""Most sound that one media message may complete; more is refused with ``media_invalid``."""

SOUND_PER_SECOND = 1.25
SOUND_BURST_SECONDS = 10
SOUND_LEAST_MS = 10
"""Token bucket for sound, in seconds of it; a message counts as 10 ms at least."""

MAX_CAPTURE_AGE_MS = 10_000
MAX_CAPTURE_AHEAD_MS = 500
"""How far in the past, and for clocks that drift in the future, a capture time may lie; else
``config_invalid``."""

RESUME_SECONDS = 60
"""States of this many seconds are kept for ``hello.resume``."""

TEXT_BURST = 16
TEXT_PER_SECOND = 2.0
"""Token bucket for ``text`` messages; what exceeds it is refused with ``rate_limited``."""

SUPPORT_PAUSE_SECONDS = 60
"""Shortest time between two ``support_resources`` events of a session, in seconds; a document has
one at most."""

RECOMMENDATION_SECONDS = 30
"""For so long a session must have shown an expression before recommendations follow from it; else
``too_little_evidence``."""

MESSAGE_BURST = 100
MESSAGES_PER_SECOND = 20.0
"""Token bucket for all client messages of one socket; an emptied bucket closes it with 4429."""

MAX_BAD_MESSAGES = 10
"""Malformed messages answered on one socket before it is closed with 4400."""

MAX_FEEDS_PER_SESSION = 16
"""Sockets that may watch one session; one more is refused with ``too_many_feeds`` (429)."""

OUTBOX_STATES = 64
"""States that may wait for one subscriber; one more drops the oldest and reports a ``gap``."""

MAX_FEEDS_PER_ROOM = 5_000
"""Sockets that may watch one room on one gateway; one more is refused with ``too_many_feeds``."""

MAX_ROOM_MEMBERS = 100
"""People in one room; one more is refused with ``room_full``."""

MAX_RETENTION_DAYS = 3_650
"""Longest retention that a session may ask for."""

REPORT_SECONDS = 600
"""After a session has ended its tokens read its report, and erase it, for so long."""

MAX_REDEEM_SECONDS = 600
"""Longest time in which a token has to be used for the first time."""

CLOCK_LEEWAY_SECONDS = 10
"""How far the clocks of gateways may lie apart: tokens are taken so long before and after their
time."""

MIN_CLIENT_SECRET = 16
MAX_CLIENT_SECRET = 64
"""Characters (letters, digits, ``_`` and ``-``) of the secret that a client puts behind its token;
else ``token_invalid``."""

MAX_TOKENS_PER_ROOM = 10_000
"""Tokens made for one room; one more is refused with ``too_many_tokens``."""

MAX_NOTE_CHARACTERS = 4_000
"""Longest note that is kept with a session; a longer one is refused with ``text_too_long``."""

MAX_NOTES_PER_SESSION = 200
"""Notes that are kept with a session; one more is refused with ``too_many_notes``."""

MIN_AGGREGATE_PEOPLE = 3
"""People who must show an expression before their mean is shown."""

MAX_ANALYSIS_BYTES = 64 * 1024 * 1024
"""Largest file to analyse; it is held in memory. A larger one is refused with
``message_too_big``."""

MAX_RECORDING_SECONDS = 3_600
"""Longest recording that a server analyses; a longer one is refused with ``recording_too_long``."""

MAX_DOCUMENT_PAGES = 500
"""Most pages of a document; more are refused with ``document_too_large``."""

MAX_DOCUMENT_CHARACTERS = 2_000_000
"""Most characters of text in a document; more are refused with ``document_too_large``."""

MAX_DOCUMENT_LINES = 50_000
"""Most sentences of a document, each of which is scored; more are refused with
``document_too_large``."""

MAX_UNPACKED_BYTES = 128 * 1024 * 1024
"""Most bytes that a compressed document may unpack to; more are refused with
``document_too_large``."""

MAX_ANALYSES = 4
"""Files that a server holds to analyse them; one more is refused with ``overloaded`` (503)."""

ANALYSES_AT_A_TIME = 2
"""Files that are analysed at a time; the others wait."""

UPLOAD_SECONDS = 120
"""Longest time that a file may take to arrive, in seconds; else ``too_slow`` (408)."""

RESULT_SECONDS = 900
MAX_RESULTS = 16
"""How long the result of an analysis is kept, in seconds, and how many are; the oldest go."""
