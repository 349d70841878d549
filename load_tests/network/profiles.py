"""Networks by name. Where their numbers come from is said with each of them."""

from dataclasses import dataclass

from esapr.load_tests.network.conditions import PERFECT, Conditions, Loss


class NetworkError(Exception):
    """There is no such network, or media cannot cross it."""


@dataclass(frozen=True, slots=True)
class Profile:
    """A path in both directions: ``up`` is from the peer to the server."""

    name: str
    about: str
    up: Conditions = PERFECT
    down: Conditions = PERFECT
    relayed: bool = False
    """Whether media takes a TURN server and no other way."""
    moves: bool = False
    """Whether the peer's address changes in the middle of its stay."""

    @property
    def impairs(self) -> bool:
        """Whether packets must go through the impairment relay."""
        return self.moves or (self.up, self.down) != (PERFECT, PERFECT)


def _both(name: str, about: str, conditions: Conditions) -> Profile:
    return Profile(name, about, conditions, conditions)


# Loss ratios, and 300 ms as the length of a usual drop-tail queue, are those that RFC 8868
# (evaluation of congestion control for interactive media), section 4, has tests use.
_ALL = (
    Profile("clean", "the path as it is"),
    # 1 % is RFC 8868's lowest. That 802.11 loses in bursts: L. Carvalho et al., "A new packet
    # loss model of the IEEE 802.11g wireless network", IEEE Trans. Consumer Electronics 51, 2005;
    # their length and the jitter are chosen, not measured.
    _both(
        "wifi",
        "1 % loss in bursts of three, 10 ± 8 ms",
        Conditions(loss=Loss.bursts(0.01, 3), delay_ms=10, jitter_ms=8),
    ),
    # Rates and the 150 ms of round trip: Lighthouse's "slow 4G", the slowest quarter of 4G
    # (docs/throttling.md). Loss and jitter: the "4G" of Loadero, a WebRTC testing service.
    Profile(
        "4g",
        "750 kbit/s up, 1600 down, 75 ms each way, 0.2 % loss",
        Conditions(loss=Loss.even(0.002), delay_ms=75, jitter_ms=15, rate_kbit_s=750),
        Conditions(loss=Loss.even(0.002), delay_ms=75, jitter_ms=5, rate_kbit_s=1600),
    ),
    # 50 ms is the shortest of the one-way delays that RFC 8868 has beside none at all.
    _both("lossy-5", "5 % loss, 50 ms", Conditions(loss=Loss.even(0.05), delay_ms=50)),
    _both("lossy-10", "10 % loss, 50 ms", Conditions(loss=Loss.even(0.10), delay_ms=50)),
    # Loadero's "high jitter"; netem lets packets overtake each other, and so does this.
    _both(
        "jitter",
        "200 ± 100 ms, packets overtake each other, 1 % come twice",
        Conditions(delay_ms=200, jitter_ms=100, reorders=True, duplicates=0.01),
    ),
    # The shipped clip's picture alone has 330 kbit/s.
    Profile(
        "capped",
        "250 kbit/s up, less than the media has",
        Conditions(delay_ms=25, rate_kbit_s=250),
        Conditions(delay_ms=25),
    ),
    Profile("relay-only", "through a TURN server", relayed=True),
    Profile("moving", "the peer's address changes in mid-stay", moves=True),
)

PROFILES = {each.name: each for each in _ALL}


def profile(name: str) -> Profile:
    """Return the profile called ``name``.

    Raises:
        NetworkError: there is none.
    """
    try:
        return PROFILES[name]
    except KeyError:
        known = ", ".join(PROFILES)
        raise NetworkError(f"`network`: there is no profile {name!r}; there are {known}") from None
