"""What senders are asked for: on the answer that aiortc 1.16 made of Chromium's own offer."""

from pathlib import Path

import pytest
from aiortc.sdp import SessionDescription

from esapr.server.media.answer import asking_for_less

MADE_BY_AIORTC = (Path(__file__).parents[2] / "data/answer_to_chromium.sdp").read_bytes().decode()
AUDIO = "m=audio 9 UDP/TLS/RTP/SAVPF 111 9\r\na=mid:1\r\n"


@pytest.fixture(scope="module")
def answer() -> str:
    return asking_for_less(MADE_BY_AIORTC)


def section(answer: str, kind: str) -> list[str]:
    """Return the lines of the first media section of this kind."""
    _, _, rest = answer.partition(f"m={kind} ")
    return rest.partition("\r\nm=")[0].split("\r\n")


def test_opus_is_asked_for_in_long_mono_packets_and_none_in_silence(answer: str) -> None:
    audio = section(answer, "audio")

    opus = audio.index("a=rtpmap:111 opus/48000/2")
    assert audio[opus + 1 : opus + 3] == ["a=fmtp:111 usedtx=1;stereo=0", "a=ptime:60"]
    assert "ptime" not in "".join(section(answer, "video"))


def test_of_the_picture_half_a_megabit_is_asked_for(answer: str) -> None:
    video = section(answer, "video")

    assert video[video.index("c=IN IP4 127.0.0.1") + 1] == "b=AS:500"
    assert "b=AS" not in "".join(section(answer, "audio"))
    assert "b=AS" not in "".join(section(answer, "application"))


def test_only_what_is_acted_upon_is_accepted(answer: str) -> None:
    def extensions(kind: str) -> list[str]:
        lines = section(answer, kind)
        return sorted(line.split()[-1] for line in lines if line.startswith("a=extmap:"))

    mid = "urn:ietf:params:rtp-hdrext:sdes:mid"
    assert extensions("video") == [mid]
    assert extensions("audio") == [mid]
    for feedback in ("nack", "nack pli"):
        assert f"a=rtcp-fb:96 {feedback}" in section(answer, "video")
    assert "goog-remb" not in answer


def test_the_answer_is_still_what_the_parser_takes(answer: str) -> None:
    parsed = SessionDescription.parse(answer)

    assert [media.kind for media in parsed.media] == ["video", "audio", "application"]
    assert all(media.ice_candidates and media.ice.password for media in parsed.media)
    left_out = set(MADE_BY_AIORTC.split("\r\n")) - set(answer.split("\r\n"))
    unwanted = ("ssrc-audio-level", "abs-send-time", "goog-remb")
    assert left_out
    assert all(line.endswith(unwanted) for line in left_out)


def test_parameters_that_are_there_stay_and_ours_win() -> None:
    lines = "a=rtpmap:111 opus/48000/2\r\na=fmtp:111 minptime=10; stereo=1;useinbandfec=1\r\n"

    asked = asking_for_less(AUDIO + lines)

    assert asked == (
        AUDIO + "a=rtpmap:111 opus/48000/2\r\n"
        "a=fmtp:111 minptime=10;useinbandfec=1;usedtx=1;stereo=0\r\na=ptime:60\r\n"
    )


def test_without_opus_nothing_is_asked_for() -> None:
    lines = AUDIO + "a=rtpmap:9 G722/8000\r\na=fmtp:9 x=1\r\n"

    assert asking_for_less(lines) == lines
