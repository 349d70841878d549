"""What all sessions of a run received. No I/O: times are arguments, on the run's clock."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from msgspec import Struct

from esapr.load_tests.bench.repeated import percentile
from esapr.load_tests.result import LevelChange, Second, Session
from esapr.load_tests.running.account import Account
from esapr.load_tests.running.schedule import Stay
from esapr.load_tests.running.wire import Event, Joined, Left, Ready, Reconnected, Seen, Spent


class Totals(Struct, frozen=True):
    """The counts of ``Summary`` (:mod:`esapr.load_tests.result`), up to some moment."""

    sessions: int
    due: int
    received: int
    fused: int
    judged: int
    right: int
    lost_sessions: int
    reconnects: int
    p50_ms: float | None
    p95_ms: float | None
    p99_ms: float | None


@dataclass(slots=True)
class _Row:
    due: int = 0
    states: list[Seen] = field(default_factory=list)


class Ledger:
    """Takes in what the drivers tell; each ``driver`` is told from the others by its number."""

    def __init__(self, stays: Iterable[Stay]) -> None:
        """Expect the sessions of ``stays``."""
        self._accounts = {stay.number: Account(stay) for stay in stays}
        self._spent: dict[int, float] = {}

    def take(self, driver: int, events: Sequence[Event]) -> None:
        """Take in what one driver tells."""
        for event in events:
            match event:
                case Seen():
                    self._accounts[event.session].see(event)
                case Joined():
                    self._accounts[event.session].joined = event
                case Reconnected():
                    self._accounts[event.session].reconnect(event)
                case Left():
                    self._accounts[event.session].left = event
                case Spent():
                    self._spent[driver] = event.cpu_seconds
                case Ready():
                    pass

    def abandon(self, stays: Iterable[Stay], now: float, why: str) -> None:
        """Note that sessions are lost whose driver has died, unless they had left before."""
        for stay in stays:
            account = self._accounts[stay.number]
            if account.left is None:
                account.left = Left(stay.number, now, why)

    @property
    def cpu_seconds(self) -> float:
        """Processor seconds of all drivers."""
        return sum(self._spent.values())

    def present(self, now: float) -> int:
        """Return how many sessions have media and have not left."""
        return sum(_present(account, now) for account in self._accounts.values())

    def totals(self, now: float) -> Totals:
        """Return the counts of all sessions asked for so far, over states due up to ``now``."""
        begun = [a for a in self._accounts.values() if a.stay.joins_at <= now]
        sessions = [account.report(now) for account in begun]
        delays = [
            state.delay_ms
            for account in begun
            for state in account.received(now)
            if state.delay_ms is not None
        ]
        return Totals(
            sessions=len(begun),
            due=sum(session.due for session in sessions),
            received=sum(session.received for session in sessions),
            fused=sum(session.fused for session in sessions),
            judged=sum(session.judged for session in sessions),
            right=sum(session.right for session in sessions),
            lost_sessions=sum(bool(session.lost) for session in sessions),
            reconnects=sum(len(session.reconnects) for session in sessions),
            p50_ms=percentile(delays, 0.5),
            p95_ms=percentile(delays, 0.95),
            p99_ms=percentile(delays, 0.99),
        )

    def sessions(self, now: float) -> list[Session]:
        """Return every session."""
        return [account.report(now) for account in self._accounts.values()]

    def seconds(self, now: float) -> list[Second]:
        """Return each whole second up to ``now``."""
        rows: defaultdict[int, _Row] = defaultdict(_Row)
        for account in self._accounts.values():
            for due_at in account.due_times(now):
                rows[int(due_at)].due += 1
            for state in account.received(now):
                rows[int(state.due_at)].states.append(state)
        return [self._second(second, rows[second]) for second in range(int(now))]

    def level_changes(self) -> list[LevelChange]:
        """Return every change of a level, in the order of their times."""
        changes = (
            change for account in self._accounts.values() for change in account.level_changes()
        )
        return sorted(changes, key=lambda change: change.at_seconds)

    def _second(self, second: int, row: _Row) -> Second:
        delays = [state.delay_ms for state in row.states if state.delay_ms is not None]
        return Second(
            at_seconds=second,
            sessions=self.present(second + 0.5),
            due=row.due,
            received=len(row.states),
            fused=sum(state.fused for state in row.states),
            p50_ms=percentile(delays, 0.5),
            p95_ms=percentile(delays, 0.95),
            levels=dict(Counter(state.level for state in row.states)),
        )


def _present(account: Account, now: float) -> bool:
    if account.joined is None or account.joined.at > now:
        return False
    return account.left is None or account.left.at > now
