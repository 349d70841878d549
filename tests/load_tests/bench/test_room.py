import pytest

from esapr.load_tests.bench.room import run

pytestmark = pytest.mark.real_time


async def test_every_watcher_gets_every_message_and_participants_are_measured_too() -> None:
    report = await run(participants=1, subscribers=20, role="supervisor", seconds=3)
    assert (report.missed, report.closed) == (0, 0)
    assert report.messages_s > 0
    for delay in (report.delivery, report.alone, report.watched):
        assert delay.p50 is not None
        assert delay.p99 is not None
        assert delay.p50 <= delay.p99
