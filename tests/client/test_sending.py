"""What waits to be sent: bounds, policies, paces; and the session clock."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import UNSET
from msgspec.structs import replace

from esapr.client.clock import SessionClock, SoundTimes
from esapr.client.inbox import Inbox
from esapr.client.outbox import MAX_LINES, MAX_SOUND, Outbox
from esapr.client.pace import SLOWEST, Pace
from esapr.protocol.binary import Kind, Media
from esapr.protocol.messages import (
    Close,
    ConsentRevoke,
    Gap,
    Ping,
    SessionCreated,
    State,
    Text,
)
from esapr.protocol.rooms import Pause, ResumeMedia
from tests.client.golden import golden

LIMITS = replace(
    golden("session.created", SessionCreated).limits,
    text_per_second=2.0,
    text_burst=16,
    images_per_second=5.0,
    image_burst=10,
    max_capture_age_ms=10_000,
)


def outbox() -> Outbox:
    box = Outbox()
    box.limit(LIMITS)
    return box


def image(at_ms: int) -> Media:
    return Media(Kind.IMAGE, at_ms, b"jpeg")


def sound(at_ms: int) -> Media:
    return Media(Kind.PCM, at_ms, b"\0\0", 16_000)


def drain(box: Outbox, now: float = 0.0, t_ms: int = 0) -> list[object]:
    items: list[object] = []
    while (item := box.take(now, t_ms)) is not None:
        items.append(item)
    return items


# --- pace -------------------------------------------------------------------------------------


@given(st.lists(st.floats(0, 2), max_size=60), st.floats(0.5, 20), st.floats(1, 20))
def test_a_pace_never_exceeds_its_rate_and_burst(
    waits: list[float], rate: float, burst: float
) -> None:
    pace, now, sent = Pace(rate, burst), 0.0, 0
    for wait in waits:
        now += wait
        while pace.wait(now) == 0.0:
            pace.spend(now)
            sent += 1
        assert sent <= burst + rate * now + 1e-6


def test_a_refusal_halves_the_rate_once_and_it_climbs_back() -> None:
    pace = Pace(10.0, 1.0)
    pace.refuse(100.0)
    pace.refuse(100.5)  # was on its way already
    assert pace.rate(100.5) == pytest.approx(5.25)
    rates = [pace.rate(100.0 + second) for second in range(15)]
    assert rates == sorted(rates)
    assert (rates[0], rates[-1]) == (5.0, 10.0)


@given(st.lists(st.floats(1, 30), max_size=50))
def test_a_rate_stays_between_its_floor_and_what_the_server_allows(waits: list[float]) -> None:
    pace, now = Pace(8.0, 1.0), 0.0
    for wait in waits:
        now += wait
        pace.refuse(now)
        assert 8.0 * SLOWEST <= pace.rate(now) <= 8.0


# --- outbox -----------------------------------------------------------------------------------


def test_text_and_media_wait_until_the_limits_are_known() -> None:
    box = Outbox()
    box.put_line(Text(body="early"))
    assert box.take(0.0, 0) is None
    assert box.wait(0.0, 0) is None
    box.put(Ping(t=0.0))
    assert box.take(0.0, 0) == Ping(t=0.0)
    box.limit(LIMITS)
    assert box.take(0.0, 0) == Text(body="early")


def test_a_pause_that_could_not_be_sent_goes_with_the_next_socket() -> None:
    box = outbox()
    box.put(Pause())
    box.put(ResumeMedia())
    item = box.take(0.0, 0)
    assert item == Pause()
    box.put_back(item)
    assert drain(box) == [Pause(), ResumeMedia()]


def test_the_latest_picture_wins_and_the_others_are_counted() -> None:
    box = outbox()
    for at_ms in range(1, 6):
        box.put_media(image(at_ms))
    assert drain(box) == [image(5)]
    assert box.dropped.images == 4


def test_a_picture_that_is_not_later_than_the_last_is_not_sent() -> None:
    box = outbox()
    for at_ms in (5, 5, 4):
        box.put_media(image(at_ms))
        drain(box)
    assert box.dropped.images == 2


def test_text_is_never_dropped_and_keeps_its_order_and_its_rate() -> None:
    box, now, sent = outbox(), 0.0, []
    lines = [Text(body=str(number)) for number in range(MAX_LINES)]
    for line in lines:
        assert not box.full
        box.put_line(line)
    assert box.full
    while len(sent) < MAX_LINES:
        sent += drain(box, now)
        now += box.wait(now, 0) or 0.0
    assert sent == lines
    assert now >= (MAX_LINES - LIMITS.text_burst) / LIMITS.text_per_second


def test_of_sound_the_oldest_goes() -> None:
    box = outbox()
    pieces = [sound(number) for number in range(MAX_SOUND + 3)]
    for piece in pieces:
        box.put_media(piece)
    assert drain(box) == pieces[3:]
    assert box.dropped.sounds == 3


def test_media_too_old_for_the_server_are_not_sent() -> None:
    box = outbox()
    for at_ms in (0, 20_000):
        box.put_media(sound(at_ms))
    box.put_media(image(0))
    assert drain(box, 0.0, 20_000) == [sound(20_000)]
    assert (box.dropped.images, box.dropped.sounds) == (1, 1)


def test_text_that_had_to_wait_gets_a_time_that_the_server_takes() -> None:
    box = outbox()
    box.put_line(Text(body="late", at_ms=0))
    box.put_line(Text(body="late"))
    assert drain(box, 0.0, 30_000) == [
        Text(body="late", at_ms=21_000),
        Text(body="late", at_ms=UNSET),
    ]


def test_close_comes_after_all_text_and_other_control_before_it() -> None:
    box = outbox()
    box.put_line(Text(body="one"))
    box.put(Close())
    box.put(Ping(t=0.0))
    assert drain(box) == [Ping(t=0.0), Text(body="one"), Close()]


def test_nothing_follows_a_consent_that_is_revoked() -> None:
    box = outbox()
    box.put_line(Text(body="one"))
    box.put_media(image(1))
    box.put_media(sound(1))
    box.put(ConsentRevoke())
    assert drain(box) == [ConsentRevoke()]


@pytest.mark.parametrize("item", [Text(body="one"), sound(1), image(1), Close(), ConsentRevoke()])
def test_what_could_not_be_sent_goes_with_the_next_socket(item: object) -> None:
    box = outbox()
    box.put_back(item)  # type: ignore[arg-type]
    assert drain(box) == [item]


def test_a_picture_comes_back_only_if_there_is_no_newer_one() -> None:
    box = outbox()
    box.put_media(image(1))
    assert drain(box) == [image(1)]
    box.put_media(image(2))
    box.put_back(image(1))
    assert drain(box) == [image(2)]


def test_a_refusal_slows_pictures_down() -> None:
    box = outbox()
    for kind in ("text", "audio", "message", UNSET):
        box.rate_limited(kind, 0.0)
    assert box.images_per_second(0.0) == LIMITS.images_per_second
    box.rate_limited("image", 0.0)
    assert box.images_per_second(0.0) == LIMITS.images_per_second / 2
    assert box.images_per_second(60.0) == LIMITS.images_per_second


def test_a_refused_line_slows_text_down_and_nothing_else() -> None:
    box = outbox()
    box.rate_limited("text", 0.0)
    box.put_line(Text(body="slowly"))
    assert box.wait(0.0, 0) == pytest.approx(1 / (LIMITS.text_per_second / 2))


# --- inbox and clock --------------------------------------------------------------------------


@given(st.integers(1, 5), st.lists(st.booleans(), max_size=60))
def test_a_slow_reader_gets_the_newest_states_and_a_gap(capacity: int, reads: list[bool]) -> None:
    inbox, seen, put = Inbox(capacity), [], 0
    template = golden("state", State)
    for read in reads:
        if not read:
            inbox.put(replace(template, seq=put))
            put += 1
        elif len(inbox):
            seen.append(inbox.take())
        assert len(inbox) <= capacity + 1
    seen += [inbox.take() for _ in range(len(inbox))]
    covered = [
        seq
        for message in seen
        for seq in (
            range(message.from_seq, message.to_seq + 1)
            if isinstance(message, Gap)
            else [message.seq]  # type: ignore[union-attr]
        )
    ]
    assert covered == list(range(put))


def test_the_states_of_a_room_that_were_not_read_are_a_gap_of_each_session() -> None:
    inbox, template = Inbox(1), golden("state", State)
    for session, seq in (("ann", 1), ("ben", 7), ("ann", 2), ("ann", 3)):
        inbox.put(replace(template, session=session, seq=seq))
    assert [inbox.take() for _ in range(len(inbox))] == [
        Gap("ann", 1, 2),
        Gap("ben", 7, 7),
        replace(template, session="ann", seq=3),
    ]


def test_the_session_clock_goes_on_from_what_the_server_said() -> None:
    clock = SessionClock()
    clock.heard(5_000, now=100.0)
    assert clock.t_ms(101.5) == 6_500


def test_sound_has_neither_holes_nor_overlaps_until_the_clock_has_run_away() -> None:
    times = SoundTimes()
    # Pieces of 100 ms that arrive up to 80 ms late.
    assert [times.place(t, 100) for t in (1_000, 1_180, 1_220, 1_300)] == [900, 1_000, 1_100, 1_200]
    assert times.place(5_000, 100) == 4_900
