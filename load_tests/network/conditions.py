"""What one direction of a path does to packets. No asyncio, no clock, no sockets.

The figures are those of ``tc netem`` (tc-netem(8)), so that one description drives both.
"""

from dataclasses import dataclass
from typing import Self


@dataclass(frozen=True, slots=True)
class Loss:
    """Loss by the model of Gilbert and Elliott: a good state and a bad one, each with its share.

    E. N. Gilbert, "Capacity of a burst-noise channel", Bell System Technical Journal 39, 1960;
    E. O. Elliott, "Estimates of error rates for codes on burst-noise channels", ibid. 42, 1963.
    All four are probabilities; the state may change before each packet.
    """

    good: float = 0.0
    """Share of packets lost in the good state."""
    bad: float = 1.0
    """Share of packets lost in the bad state."""
    to_bad: float = 0.0
    to_good: float = 1.0

    def __post_init__(self) -> None:
        """Check the four.

        Raises:
            ValueError: one of them is no probability, or the bad state cannot be left.
        """
        for name in ("good", "bad", "to_bad", "to_good"):
            if not 0 <= getattr(self, name) <= 1:
                raise ValueError(f"`{name}` is a probability, got {getattr(self, name)}")
        if self.to_good == 0:
            raise ValueError("`to_good` must be above 0: the bad state would last for ever")

    @classmethod
    def even(cls, share: float) -> Self:
        """Lose ``share`` of the packets, each for itself (Bernoulli)."""
        return cls(good=share)

    @classmethod
    def bursts(cls, share: float, packets: float) -> Self:
        """Lose ``share`` of the packets in runs of ``packets`` on average (at least 1).

        Raises:
            ValueError: no such run can make up that share.
        """
        return cls(to_bad=share / (packets * (1 - share)), to_good=1 / packets)

    @property
    def share(self) -> float:
        """The share of packets that is lost in the long run."""
        in_bad = self.to_bad / (self.to_bad + self.to_good)
        return self.bad * in_bad + self.good * (1 - in_bad)

    @property
    def spread(self) -> float:
        """How much wider the share of a sample scatters than with independent losses.

        It is the ratio of the variances of both sums, exact for a long sample.
        """
        mean = self.share
        if mean in (0, 1):
            return 1.0
        in_bad = self.to_bad / (self.to_bad + self.to_good)
        memory = 1 - self.to_bad - self.to_good
        between = (self.bad - self.good) ** 2 * in_bad * (1 - in_bad)
        return 1 + 2 * between / (mean * (1 - mean)) * memory / (1 - memory)


@dataclass(frozen=True, slots=True)
class Conditions:
    """One direction of a path. Zero everywhere is a perfect one."""

    loss: Loss = Loss()
    delay_ms: float = 0.0
    jitter_ms: float = 0.0
    """The delay lies evenly within so much of ``delay_ms``."""
    reorders: bool = False
    """Whether a packet with a shorter delay overtakes others; else it waits for them."""
    duplicates: float = 0.0
    """Share of packets that arrive twice."""
    rate_kbit_s: float | None = None
    """Bits that leave a second, of UDP payload; None: no bound."""
    queue_ms: float = 300.0
    """What may wait for its turn at that rate; a packet for which there is no room is dropped."""

    def __post_init__(self) -> None:
        """Check the figures.

        Raises:
            ValueError: one of them is out of range.
        """
        if not 0 <= self.jitter_ms <= self.delay_ms:
            raise ValueError(f"`jitter_ms` lies in [0, {self.delay_ms:g}], got {self.jitter_ms:g}")
        if not 0 <= self.duplicates <= 1:
            raise ValueError(f"`duplicates` is a probability, got {self.duplicates:g}")
        if self.rate_kbit_s is not None and self.rate_kbit_s <= 0:
            raise ValueError(f"`rate_kbit_s` must be above 0, got {self.rate_kbit_s:g}")
        if self.queue_ms <= 0:
            raise ValueError(f"`queue_ms` must be above 0, got {self.queue_ms:g}")


PERFECT = Conditions()
