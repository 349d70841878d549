"""Who is pinged, warned and given up, and when."""

from esapr.server.sessions.keepalive import Keepalive, Step


def test_a_silent_client_is_pinged_warned_and_given_up_in_turn() -> None:
    keepalive = Keepalive(silence=30, now=0)
    steps = []
    while not steps or steps[-1][1] is not Step.CLOSE:
        now = keepalive.due
        steps.append((now, keepalive.step(now)))

    assert steps == [(15, Step.PING), (30, Step.WARN), (45, Step.CLOSE)]


def test_a_frame_begins_the_silence_anew() -> None:
    keepalive = Keepalive(silence=30, now=0)
    keepalive.step(15)
    keepalive.step(30)
    assert keepalive.warned

    keepalive.heard(31)

    assert not keepalive.warned
    assert keepalive.step(45) is Step.WAIT
    assert keepalive.step(46) is Step.PING


def test_an_early_call_does_nothing() -> None:
    assert Keepalive(silence=30, now=0).step(14.9) is Step.WAIT
