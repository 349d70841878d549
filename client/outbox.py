"""What waits to be sent, and when it may go. No I/O: times are arguments, in seconds.

Each kind has a bound and a policy: of pictures the latest waits and replaces the one before; of
sound the oldest goes; text is never dropped, its sender waits. Media too old for the server go.
"""

from collections import deque
from dataclasses import dataclass

from msgspec import UNSET, UnsetType
from msgspec.structs import replace

from esapr.client.pace import Pace
from esapr.protocol.baselines import BaselineLoad, BaselineStart
from esapr.protocol.binary import Kind, Media
from esapr.protocol.messages import ClientMessage, Close, ConsentRevoke, Limits, Text
from esapr.protocol.rooms import Mute, Pause, ResumeMedia

MAX_LINES = 64
MAX_SOUND = 64
"""Lines of text and messages of sound that may wait."""

BURST_SHARE = 0.5
"""Share of the server's bursts that is used: what a network delays arrives closer together."""

AGE_RESERVE_MS = 1_000
"""How much younger than the server's limit media have to be, so that they are when they arrive."""

Item = ClientMessage | Media


@dataclass(slots=True)
class Dropped:
    """What was not sent, by kind."""

    images: int = 0
    sounds: int = 0


class Outbox:
    """Messages to one feed. Text and media wait until the server's limits are known."""

    def __init__(self) -> None:
        """Start empty."""
        self._control: deque[ClientMessage] = deque()
        self._lines: deque[Text] = deque()
        self._sound: deque[Media] = deque()
        self._image: Media | None = None
        self._last_image_ms = -1
        self._closing = False
        self._oldest_ms = 0
        self._paces: dict[type[Text] | Kind, Pace] = {}
        self.dropped = Dropped()

    @property
    def full(self) -> bool:
        """Whether no line of text can be put."""
        return len(self._lines) >= MAX_LINES

    def limit(self, limits: Limits) -> None:
        """Keep to ``limits``. Those of a session hold through all of its connections."""
        self._oldest_ms = limits.max_capture_age_ms - AGE_RESERVE_MS
        if not self._paces:
            bursts = (limits.text_burst * BURST_SHARE, limits.image_burst * BURST_SHARE)
            self._paces = {
                Text: Pace(limits.text_per_second, max(1.0, bursts[0])),
                Kind.IMAGE: Pace(limits.images_per_second, max(1.0, bursts[1])),
            }

    def rate_limited(self, kind: str | UnsetType, now: float) -> None:
        """Note that the server refused something as too much: ``text``, ``image`` or another."""
        match kind:
            case "text":
                self._paces[Text].refuse(now)
            case "image":
                self._paces[Kind.IMAGE].refuse(now)

    def images_per_second(self, now: float) -> float:
        """Return how many pictures a second are sent at most, at present."""
        return self._paces[Kind.IMAGE].rate(now)

    def put(self, message: ClientMessage) -> None:
        """Add a message that goes before text and media; ``close`` goes after all text."""
        match message:
            case Close():
                self._closing = True
            case ConsentRevoke():
                # Nothing that consent no longer covers may follow.
                self._lines.clear()
                self._sound.clear()
                self._image = None
                self._control = deque([message])
            case _:
                self._control.append(message)

    def put_line(self, line: Text) -> None:
        """Add a line of text; there has to be room."""
        assert not self.full
        self._lines.append(line)

    def put_media(self, media: Media) -> None:
        """Add a picture or sound; an earlier one makes room if there is none."""
        if media.kind is Kind.IMAGE:
            self.dropped.images += self._image is not None
            self._image = media
            return
        self._sound.append(media)
        if len(self._sound) > MAX_SOUND:
            self._sound.popleft()
            self.dropped.sounds += 1

    def put_back(self, item: Item) -> None:
        """Return what could not be sent; a newer picture is worth more than an older one."""
        match item:
            case Media(kind=Kind.IMAGE):
                self._last_image_ms = item.captured_ms - 1
                self.dropped.images += self._image is not None
                self._image = self._image or item
            case Media():
                self._sound.appendleft(item)
            case Text():
                self._lines.appendleft(item)
            case Close():
                self._closing = True
            case (
                ConsentRevoke()
                | Mute()
                | Pause()
                | ResumeMedia()
                | BaselineStart()
                | BaselineLoad()
            ):
                self._control.appendleft(item)

    def wait(self, now: float, t_ms: int) -> float | None:
        """Return the seconds until something may go; None while nothing waits."""
        self._forget_old(t_ms)
        if self._control:
            return 0.0
        if not self._paces:
            return None
        if self._sound or (self._closing and not self._lines):
            return 0.0
        waits = [self._paces[Text].wait(now)] if self._lines else []
        waits += [self._paces[Kind.IMAGE].wait(now)] if self._image else []
        return min(waits, default=None)

    def take(self, now: float, t_ms: int) -> Item | None:
        """Remove and return what goes next at ``now``, ``t_ms`` on the session clock."""
        if self.wait(now, t_ms) != 0.0:
            return None
        if self._control:
            return self._control.popleft()
        if self._sound:
            return self._sound.popleft()
        if self._lines and not self._paces[Text].wait(now):
            self._paces[Text].spend(now)
            return self._in_time(self._lines.popleft(), t_ms)
        if self._closing and not self._lines:
            self._closing = False
            return Close()
        self._paces[Kind.IMAGE].spend(now)
        image, self._image = self._image, None
        assert image is not None
        self._last_image_ms = image.captured_ms
        return image

    def _in_time(self, line: Text, t_ms: int) -> Text:
        """Return a line whose time the server takes: one that had to wait is not lost for it."""
        if line.at_ms is UNSET:
            return line
        return replace(line, at_ms=max(line.at_ms, t_ms - self._oldest_ms))

    def _forget_old(self, t_ms: int) -> None:
        """Drop what the server would refuse: a feed is closed over ten such messages."""
        oldest = t_ms - self._oldest_ms
        while self._sound and self._sound[0].captured_ms < oldest:
            self._sound.popleft()
            self.dropped.sounds += 1
        if self._image and self._image.captured_ms <= max(self._last_image_ms, oldest - 1):
            self._image = None
            self.dropped.images += 1
