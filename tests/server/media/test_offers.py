"""Offers whose groups and sections contradict each other: refused before anything is opened."""

import pytest

from esapr.protocol.errors import ErrorCode, ProtocolError
from esapr.server.media.reach import Reach
from esapr.server.media.webrtc import WebRtcPeer, check_offer
from tests.fuzz.corpus import offers
from tests.fuzz.test_parsers import Nobody, settled


@pytest.mark.parametrize(
    "group",
    [
        "a=group:BUNDLE 0 1 2 3",
        "a=group:BUNDLE 9 0 1 2",
        "a=group:BUNDLE 0 1",
        "a=group:BUNDLE 0 0 1 2",
        "a=group:BUNDLE",
        "a=group:BUNDLE 0 1 2\r\na=group:BUNDLE 0 1 2",
        "a=group:BUNDLE 0 1\r\na=group:BUNDLE 2",
        "a=group:LS 0 1 2",
    ],
)
def test_the_sections_are_those_of_one_bundle(group: str) -> None:
    whole, _ = offers()
    check_offer(whole)
    with pytest.raises(ProtocolError, match="BUNDLE") as refused:
        check_offer(whole.replace("a=group:BUNDLE 0 1 2", group))
    assert refused.value.code is ErrorCode.SDP_UNACCEPTABLE


def test_a_section_that_is_named_twice_is_refused() -> None:
    whole, _ = offers()
    with pytest.raises(ProtocolError, match="BUNDLE"):
        check_offer(whole.replace("a=mid:1", "a=mid:0").replace("BUNDLE 0 1 2", "BUNDLE 0 2"))


@pytest.mark.real_time
async def test_a_section_in_which_the_client_only_receives_is_answered() -> None:
    whole, _ = offers()
    video, audio, rest = whole.partition("m=audio")
    peer = WebRtcPeer(Nobody(), fps=5.0, loopback=True, reach=Reach())
    try:
        answer = await peer.answer(video + audio + rest.replace("a=sendonly", "a=recvonly", 1))
    finally:
        await peer.close()
        await settled()
    assert "m=audio" in answer
