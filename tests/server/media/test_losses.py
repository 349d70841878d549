"""Lost packets are asked for until they come, or it is no use any more."""

import asyncio
import re

import pytest

from esapr.server.media.losses import AGAIN_SECONDS, HISTORY, MAX_MISSING, MAX_REQUESTS, LostPackets
from tests.server.http.whip_client import push


def after(*numbers: int) -> LostPackets:
    lost = LostPackets()
    for number in numbers:
        lost.add(number, 0.0)
    return lost


def test_nothing_is_asked_for_while_nothing_is_lost() -> None:
    lost = LostPackets()

    assert [lost.add(number & 0xFFFF, number / 50) for number in range(65_500, 65_600)] == [
        []
    ] * 100


def test_a_lost_packet_is_asked_for_at_once() -> None:
    assert after(10, 11).add(14, 0.0) == [12, 13]


def test_it_is_asked_for_again_although_nothing_else_is_lost() -> None:
    lost = after(10)
    assert lost.add(12, 1.0) == [11]

    assert lost.add(13, 1.0 + AGAIN_SECONDS / 2) == []
    assert lost.add(14, 1.0 + AGAIN_SECONDS) == [11]
    assert lost.add(15, 1.0 + AGAIN_SECONDS * 1.5) == []


def test_a_new_loss_does_not_have_all_others_repeated() -> None:
    lost = after(10)
    assert lost.add(12, 1.0) == [11]

    assert lost.add(14, 1.0 + AGAIN_SECONDS / 2) == [13]


def test_what_has_come_is_not_asked_for() -> None:
    lost = after(10)
    assert lost.add(13, 1.0) == [11, 12]
    assert lost.add(11, 1.05) == []

    assert lost.add(14, 2.0) == [12]


def test_what_never_comes_is_given_up() -> None:
    lost = after(10)
    times = [lost.add(12 + step, step * AGAIN_SECONDS * 1.01) for step in range(MAX_REQUESTS + 3)]

    assert times == [[11]] * MAX_REQUESTS + [[]] * 3


def test_what_waits_for_it_no_longer_is_not_asked_for() -> None:
    lost = after(0)
    assert lost.add(2, 0.0) == [1]
    for number in range(3, HISTORY + 2):
        lost.add(number, 0.0)

    assert lost.add(HISTORY + 2, 10.0) == []


def test_numbers_that_start_over_keep_their_order() -> None:
    lost = after(65_533)

    assert lost.add(1, 0.0) == [65_534, 65_535, 0]
    assert lost.add(65_535, 0.01) == []
    assert lost.add(2, 1.0) == [65_534, 0]


def test_a_path_that_is_too_narrow_is_not_made_to_carry_more() -> None:
    assert after(10).add(12 + MAX_MISSING, 0.0) == []
    assert after(10).add(11 + MAX_MISSING, 0.0) == list(range(11, 11 + MAX_MISSING))


def test_a_jump_asks_for_nothing_that_is_too_old() -> None:
    lost = after(10)
    assert lost.add(10_000, 0.0) == []
    for number in range(10_001, 10_000 + HISTORY):
        lost.add(number, 1.0)

    assert lost.add(10_000 + HISTORY, 2.0) == []


@pytest.mark.real_time
async def test_a_picture_goes_on_when_what_is_sent_again_is_lost_too() -> None:
    """One packet of the picture is lost three times over, and no other ever."""
    async with push() as pushed:
        state = await pushed.next_face(after=-1)
        transport = pushed.peer._transport
        send = transport._send
        payload_type = int(re.findall("m=video .* (\\d+)\r", pushed.offer)[0])
        victim: list[bytes] = []
        came = asyncio.Event()

        async def lossy(data: bytes) -> None:
            number = data[2:4]
            picture = data[0] >> 6 == 2 and data[1] & 0x7F == payload_type
            if picture and number == (victim or [number])[0]:
                victim.append(number)
                if len(victim) <= 3:
                    return
                came.set()
            await send(data)

        transport._send = lossy
        async with asyncio.timeout(20):
            await came.wait()
        assert await pushed.next_face(after=state) > state
