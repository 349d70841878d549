"""One participant's session: what a program sends into it."""

import asyncio
from typing import Literal

from msgspec import UNSET

from esapr.client.clock import SoundTimes
from esapr.client.errors import RefusedError
from esapr.client.feed import Feed
from esapr.client.outbox import Dropped
from esapr.client.subscription import Subscription
from esapr.protocol.baselines import BaselineLoad, BaselineStart
from esapr.protocol.binary import PCM_RATES, Kind, Media
from esapr.protocol.errors import ErrorCode
from esapr.protocol.limits import DEFAULT_BASELINE_SECONDS
from esapr.protocol.messages import (
    Close,
    Configure,
    ConsentRevoke,
    SessionClosed,
    SessionCreated,
    Text,
    Totals,
)
from esapr.protocol.requests import SessionCredentials
from esapr.protocol.rooms import Pause, ResumeMedia

TextSource = Literal["chat", "caption", "transcript"]

BYTES_PER_SAMPLE = 2


class Session(Subscription):
    """A session that takes text, pictures and sound. Times are ms on the session clock."""

    def __init__(self, feed: Feed, credentials: SessionCredentials) -> None:
        """Send into the session of ``credentials``."""
        super().__init__(feed)
        self.credentials = credentials
        self._sound = SoundTimes()

    @property
    def id(self) -> str:
        """The session's id."""
        return self.credentials.session_id

    @property
    def notice(self) -> str:
        """The text to show to the person before anything is sent."""
        return self.credentials.notice

    @property
    def created(self) -> SessionCreated:
        """The newest ``session.created``: labels, limits, models, configuration."""
        assert isinstance(self.greeting, SessionCreated)
        return self.greeting

    @property
    def totals(self) -> Totals | None:
        """What the session amounted to, once it has ended."""
        return self.closed.totals if isinstance(self.closed, SessionClosed) else None

    @property
    def t_ms(self) -> int:
        """The session clock: what to count capture times from."""
        return self._feed.t_ms

    @property
    def images_per_second(self) -> float:
        """Pictures a second that are sent at most: halved by the server, and climbing back."""
        return self._feed.images_per_second

    @property
    def dropped(self) -> Dropped:
        """Pictures and pieces of sound that were not sent."""
        return self._feed.outbox.dropped

    async def send_text(
        self, body: str, *, source: TextSource = "chat", at_ms: int | None = None
    ) -> None:
        """Send a line of text, in order and never dropped; waits while 64 lines are unsent.

        Raises:
            EsaprError: the session has ended.
        """
        await self._feed.until_space()
        at = UNSET if at_ms is None else at_ms
        self._feed.outbox.put_line(Text(body=body, source=source, at_ms=at))
        self._feed.wake()

    async def send_image(self, image: bytes, *, at_ms: int | None = None) -> None:
        """Send a JPEG, PNG or WebP captured at ``at_ms``, by default now.

        Pictures go at the rate that the server takes; of those that wait the latest wins.

        Raises:
            RefusedError: ``message_too_big``.
            EsaprError: the session has ended.
        """
        self._check_size(image, self.created.limits.max_image_bytes)
        at = self.t_ms if at_ms is None else at_ms
        await self._send_media(Media(Kind.IMAGE, at, image))

    async def send_audio(self, pcm: bytes, rate: int = 16_000, *, at_ms: int | None = None) -> None:
        """Send mono sound, signed 16-bit little endian, as it is captured.

        ``rate`` is its sample rate in Hz (one of ``PCM_RATES``), ``at_ms`` when its first sample
        was captured. Without it pieces follow each other, the last of them ending now. Pieces of
        20 to 500 ms are best; when the connection is slow the oldest goes.

        Raises:
            ValueError: there is no such rate.
            RefusedError: ``message_too_big``.
            EsaprError: the session has ended.
        """
        if rate not in PCM_RATES:
            raise ValueError(f"the rate must be one of {PCM_RATES}")
        self._check_size(pcm, self.created.limits.max_audio_bytes)
        length_ms = 1000 * len(pcm) / BYTES_PER_SAMPLE / rate
        at = self._sound.place(self.t_ms, length_ms) if at_ms is None else at_ms
        await self._send_media(Media(Kind.PCM, at, pcm, rate))

    async def send_opus(self, ogg: bytes, *, at_ms: int) -> None:
        """Send any piece of an Ogg-Opus stream, in order; ``at_ms`` is when its sound began.

        Raises:
            RefusedError: ``message_too_big``.
            EsaprError: the session has ended.
        """
        self._check_size(ogg, self.created.limits.max_audio_bytes)
        await self._send_media(Media(Kind.OPUS, at_ms, ogg))

    async def pause(self) -> None:
        """Let nothing be analysed until :meth:`resume_media`: media are thrown away meanwhile.

        States go on and abstain (``paused``). Lines of text are refused.

        Raises:
            EsaprError: the session has ended.
        """
        self._put(Pause())

    async def resume_media(self) -> None:
        """Go on after :meth:`pause`.

        Raises:
            EsaprError: the session has ended.
        """
        self._put(ResumeMedia())

    async def smooth(self, half_life_ms: int) -> None:
        """Let states move halfway to what is shown within ``half_life_ms``; 0 for no smoothing.

        Raises:
            EsaprError: the session has ended.
        """
        self._put(Configure(smoothing_ms=half_life_ms))

    async def start_baseline(self, seconds: float = DEFAULT_BASELINE_SECONDS) -> None:
        """Capture the person's own neutral for 3 to 10 seconds, in which they show nothing.

        ``baseline.captured`` is then among the :meth:`messages`: keep its ``blob``, and give it to
        :meth:`load_baseline` of a later session of theirs. An ``error`` says why there is none.

        Raises:
            EsaprError: the session has ended.
        """
        self._put(BaselineStart(capture_ms=round(seconds * 1000)))

    async def load_baseline(self, blob: str) -> None:
        """Bring a baseline back, answered by ``session.updated`` or an ``error``.

        Raises:
            EsaprError: the session has ended.
        """
        self._put(BaselineLoad(blob))

    async def revoke_consent(self) -> None:
        """Withdraw consent: nothing more is sent, and the session ends at once."""
        await self._finish(ConsentRevoke())

    async def close(self) -> None:
        """End the session when all text is sent, and wait for its last message."""
        await self._finish(Close())

    async def _finish(self, last: Close | ConsentRevoke) -> None:
        self._feed.connection.finish()
        await self._feed.announce()
        self._feed.outbox.put(last)
        self._feed.wake()
        await self._feed.until_over()

    async def _send_media(self, media: Media) -> None:
        self._feed.check_open()
        self._feed.outbox.put_media(media)
        self._feed.wake()
        # Lets the feed send even if the caller never waits for anything.
        await asyncio.sleep(0)

    def _check_size(self, payload: bytes, most: int) -> None:
        if len(payload) > most:
            problem = f"at most {most} bytes"
            raise RefusedError(ErrorCode.MESSAGE_TOO_BIG, problem, field="payload")
