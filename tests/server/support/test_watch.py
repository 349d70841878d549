"""When help lines are named, and how often."""

from esapr.protocol.events import Event, HelpLine
from esapr.protocol.limits import SUPPORT_PAUSE_SECONDS
from esapr.server.support.watch import Watch

LINES = [HelpLine("a", "A line", "day and night", phone="123")]
WORDS = "I want to kill myself"


def test_help_lines_are_named_and_the_words_are_not_repeated() -> None:
    event = Watch(LINES).line(WORDS, 12.3456)

    assert event == Event("support_resources", 12_346, help_lines=LINES)
    assert "kill" not in str(event)


def test_at_most_once_in_a_pause() -> None:
    watch = Watch(LINES)
    times = [10.0, 10.5, 10.0 + SUPPORT_PAUSE_SECONDS - 0.001, 10.0 + SUPPORT_PAUSE_SECONDS, 71.0]

    assert [bool(watch.line(WORDS, at)) for at in times] == [True, False, False, True, False]


def test_other_lines_do_not_count() -> None:
    watch = Watch(LINES)

    assert watch.line("I'm killing time", 0.0) is None
    assert watch.line(WORDS, 0.1)
