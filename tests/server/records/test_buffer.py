"""What waits for the database: bounded rows, and words about sessions that are never lost."""

from esapr.server.records.buffer import BATCH_ROWS, Buffer
from esapr.server.records.rows import Closing, EventRow, Row
from tests.server.records.stored import OTHER, SESSION, TOTALS, facts

CLOSING = Closing(SESSION, 5, "closed", TOTALS)


def row(number: int, session: str = SESSION) -> Row:
    return EventRow(session, number, number, "blink", "", True)


def test_rows_come_out_in_order_and_once() -> None:
    buffer = Buffer()
    buffer.open(facts())
    for number in range(3):
        assert buffer.add(row(number)) == 0
    buffer.close(CLOSING)

    batch = buffer.take()

    assert batch is not None
    assert (batch.openings, batch.closings) == ([facts()], [CLOSING])
    assert batch.rows == [row(0), row(1), row(2)]
    assert buffer.take() is None


def test_the_oldest_row_goes_when_there_are_too_many_and_sessions_stay() -> None:
    buffer = Buffer(capacity=2)
    buffer.open(facts())
    buffer.close(CLOSING)

    displaced = [buffer.add(row(number)) for number in range(4)]

    batch = buffer.take()
    assert displaced == [0, 0, 1, 1]
    assert batch is not None
    assert batch.rows == [row(2), row(3)]
    assert (batch.openings, batch.closings) == ([facts()], [CLOSING])


def test_what_was_not_written_is_the_oldest_when_it_comes_back() -> None:
    buffer = Buffer(capacity=3)
    for number in range(3):
        buffer.add(row(number))
    batch = buffer.take()
    assert batch is not None
    buffer.add(row(3))
    buffer.add(row(4))

    assert buffer.give_back(batch) == 2

    again = buffer.take()
    assert again is not None
    assert again.rows == [row(2), row(3), row(4)]


def test_an_ending_follows_the_last_row() -> None:
    buffer = Buffer()
    for number in range(BATCH_ROWS + 1):
        buffer.add(row(number))
    buffer.close(CLOSING)

    first, second = buffer.take(), buffer.take()

    assert first is not None
    assert second is not None
    assert (len(first.rows), first.closings) == (BATCH_ROWS, [])
    assert (len(second.rows), second.closings) == (1, [CLOSING])


def test_nothing_waits_of_a_session_that_is_forgotten() -> None:
    buffer = Buffer()
    buffer.open(facts())
    buffer.add(row(0))
    buffer.add(row(1, OTHER))
    buffer.close(CLOSING)

    buffer.forget(SESSION)

    batch = buffer.take()
    assert batch is not None
    assert (batch.openings, batch.rows, batch.closings) == ([], [row(1, OTHER)], [])
