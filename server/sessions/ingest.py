"""Pictures, sound and lines that come in messages, on their way to a session."""

import asyncio

from msgspec import UNSET

from esapr.inference.signals import TextLine, VideoFrame
from esapr.protocol import limits
from esapr.protocol.binary import Kind, Media
from esapr.protocol.errors import ErrorCode, ProtocolError
from esapr.protocol.messages import Text
from esapr.server.media.picture import decode_picture
from esapr.server.media.sink import MediaSink
from esapr.server.media.sound import SoundReader
from esapr.server.sessions.capture import check_capture
from esapr.server.sessions.lines import check_text
from esapr.server.sessions.rate import TokenBucket

_FIELD = "captured_ms"


class Ingest:
    """Takes the messages of one session, from whichever of its feeds they come.

    A message is taken whole or refused whole. Pictures are decoded on a thread, one at a time; the
    feed that brought one is not read meanwhile, so that what waits is bounded by its socket.
    """

    def __init__(self, sink: MediaSink, fps: float) -> None:
        """Hand media to ``sink``, at most ``fps`` pictures a second on average."""
        self.used = False
        """Whether a picture or sound was taken in."""
        self._sink = sink
        self._pictures = TokenBucket(fps, limits.IMAGE_BURST)
        self._seconds = TokenBucket(limits.SOUND_PER_SECOND, limits.SOUND_BURST_SECONDS)
        self._lines = TokenBucket(limits.TEXT_PER_SECOND, limits.TEXT_BURST)
        self._sound = SoundReader()
        self._decoding = asyncio.Lock()
        self._last_picture = -1
        self._last_sound = -1

    async def take(self, media: Media) -> None:
        """Take in a message.

        Raises:
            ProtocolError: ``config_invalid`` for its capture time, ``rate_limited``, or
                ``media_invalid``.
        """
        if media.kind is Kind.IMAGE:
            async with self._decoding:
                await self._take_picture(media)
        else:
            self._take_sound(media)
        self.used = True

    def line(self, text: Text) -> TextLine:
        """Return a line of text with its time.

        Raises:
            ProtocolError: ``text_empty``, ``text_too_long``, ``rate_limited``, or
                ``config_invalid`` for its time.
        """
        now = self._sink.now()
        check_text(text, now)
        if not self._lines.allow(now):
            most = f"at most {limits.TEXT_PER_SECOND:g} lines a second, {limits.TEXT_BURST} at once"
            raise ProtocolError(ErrorCode.RATE_LIMITED, most, "text")
        at = now if text.at_ms is UNSET else text.at_ms / 1000
        return TextLine(at, text.body, text.source)

    async def _take_picture(self, media: Media) -> None:
        now = self._sink.now()
        check_capture(media.captured_ms, now, _FIELD)
        if media.captured_ms <= self._last_picture:
            raise ProtocolError(ErrorCode.CONFIG_INVALID, "not later than the last picture", _FIELD)
        if not self._pictures.allow(now):
            raise ProtocolError(ErrorCode.RATE_LIMITED, "too many pictures", "image")
        rgb = await asyncio.to_thread(decode_picture, media.payload)
        self._last_picture = media.captured_ms
        self._sink.put_frame(VideoFrame(min(media.captured_ms / 1000, now), rgb))

    def _take_sound(self, media: Media) -> None:
        now = self._sink.now()
        check_capture(media.captured_ms, now, _FIELD)
        if media.captured_ms < self._last_sound:
            raise ProtocolError(ErrorCode.CONFIG_INVALID, "earlier than the last sound", _FIELD)
        pieces = self._sound.pieces(media)
        seconds = sum(piece.seconds for piece in pieces)
        if seconds > limits.MAX_AUDIO_MS / 1000:
            raise ProtocolError(
                ErrorCode.MEDIA_INVALID, f"at most {limits.MAX_AUDIO_MS} ms of sound", "payload"
            )
        if media.kind is Kind.PCM:
            check_capture(media.captured_ms + int(seconds * 1000), now, _FIELD)
        if not self._seconds.allow(now, max(seconds, limits.SOUND_LEAST_MS / 1000)):
            raise ProtocolError(ErrorCode.RATE_LIMITED, "too much sound", "audio")
        windows = [window for each in pieces for window in self._sound.windows(each, media.rate)]
        self._last_sound = media.captured_ms
        for window in windows:
            self._sink.put_window(window)
