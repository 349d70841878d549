"""Every limit of the wire, documented in ``docs/reference/limits.md`` and tested at its edge."""

MAX_MESSAGE_BYTES = 4 * 1024 * 1024
"""Largest WebSocket message; a larger one closes the socket with 1009."""

MAX_TEXT_CHARACTERS = 4_000
"""Longest ``text.body``; a longer one is refused with ``text_too_long``."""

MAX_SDP_BYTES = 64 * 1024
"""Largest SDP offer or fragment; a larger one is refused with ``message_too_big`` (413)."""

MAX_ICE_CANDIDATES = 100
"""Candidates that one ICE session takes from a client, as many as RFC 8445 checks pairs; one more
is refused with ``too_many_candidates`` (422)."""

MAX_REQUEST_BYTES = 64 * 1024
"""Largest JSON request body; a larger one is refused with ``message_too_big`` (413)."""

MAX_NAME_CHARACTERS = 128
"""Longest participant, room or subject name."""

MIN_TICK_MS = 100
MAX_TICK_MS = 5_000
DEFAULT_TICK_MS = 1_000
"""Time between two states, in milliseconds."""

RESUME_SECONDS = 60
"""States of this many seconds are kept for ``hello.resume``."""

TEXT_BURST = 16
TEXT_PER_SECOND = 2.0
"""Token bucket for ``text`` messages; what exceeds it is refused with ``rate_limited``."""

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

MAX_REDEEM_SECONDS = 600
"""Longest time in which a token has to be used for the first time."""

MAX_TOKENS_PER_ROOM = 10_000
"""Tokens made for one room; one more is refused with ``too_many_tokens``."""

MIN_AGGREGATE_PEOPLE = 3
"""People who must show an expression before their mean is shown."""
