"""Real peers over loopback: what comes in, what is refused, and who is not disturbed."""

import asyncio
import re
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from functools import cache
from pathlib import Path

import aiohttp
import av
import msgspec
import numpy as np
import pytest
from yarl import URL

from esapr.load_tests import PORTRAIT
from esapr.load_tests.gateway import Gateway
from esapr.load_tests.media import EncodedClip, encode_clip
from esapr.load_tests.participant import Participant, play
from esapr.load_tests.peer import Peer
from esapr.protocol import limits
from esapr.protocol.codec import Format
from esapr.protocol.errors import ErrorCode, ProtocolError
from esapr.protocol.messages import State, Text, Warning
from esapr.protocol.requests import Consent, SessionRequest
from esapr.server.app import Server
from esapr.server.media.webrtc import check_offer
from tests.server.media.clips import empty_room, write_clip
from tests.serving import CONSENT, running_server

PHOTO = Path(__file__).parents[2] / "data" / "astronaut.jpg"

pytestmark = pytest.mark.real_time


@cache
def portrait() -> EncodedClip:
    return encode_clip(PORTRAIT)


@asynccontextmanager
async def gateway(**settings: object) -> AsyncIterator[tuple[Gateway, Server]]:
    async with running_server(**settings) as server, aiohttp.ClientSession() as http:
        yield Gateway(http, URL(server.url)), server


async def state_of(participant: Participant, wanted: Callable[[State], bool]) -> State:
    """Return the first state that is ``wanted``; fail after 30 s."""
    async with asyncio.timeout(30):
        async for message in participant.feed:
            if isinstance(message, State) and wanted(message):
                return message
    raise AssertionError("the feed has ended")


async def warning_of(participant: Participant, code: str) -> Warning:
    async with asyncio.timeout(30):
        async for message in participant.feed:
            if isinstance(message, Warning) and message.code == code:
                return message
    raise AssertionError("the feed has ended")


def weights(state: State) -> dict[str, float]:
    parts = state.modalities
    return {
        name: part.weight
        for name in ("face", "voice", "text")
        if (part := getattr(parts, name)) and part.weight > 0
    }


async def test_two_people_at_once_get_states_fused_from_face_voice_and_text() -> None:
    async with (
        gateway() as (server, running),
        play(server, portrait(), name="one") as one,
        play(server, portrait(), name="two") as two,
    ):
        for participant in (one, two):
            await participant.say("This is wonderful, I am so glad!")
        for participant, name in ((one, "one"), (two, "two")):
            state = await state_of(participant, lambda s: len(weights(s)) == 3)
            assert state.participant == name
            assert state.fused is not None
            assert sum(weights(state).values()) == pytest.approx(1, abs=1e-3)
            assert state.latency.infer_ms > 0
        assert "esapr_sessions 2.0" in running.metrics.text().decode()


async def test_work_of_many_sessions_runs_in_common_batches() -> None:
    async with gateway(analysed_fps=15.0) as (server, running), asyncio.TaskGroup() as group:

        async def watch(name: str) -> None:
            async with play(server, portrait(), name=name) as participant:
                await state_of(participant, lambda s: s.seq >= 4)

        for index in range(4):
            group.create_task(watch(f"participant {index}"))
    batches = running.metrics.batches.size.labels("face_expression")
    sizes = {s.labels.get("le"): s.value for s in batches.collect()[0].samples}
    assert sizes["+Inf"] > sizes["1.0"], "no batch held more than one face"


async def test_a_camera_without_a_face_and_a_silent_microphone_are_said(tmp_path: Path) -> None:
    clip = write_clip(tmp_path / "room.webm", seconds=3, picture=empty_room())
    async with gateway() as (server, _), play(server, encode_clip(clip), name="room") as room:
        no_face = await warning_of(room, "no_face")
        assert no_face.active
        assert no_face.message == "no face is in the picture"
        assert (await warning_of(room, "silent")).active
        state = await state_of(room, lambda s: s.t_end_ms > 4000)
        assert state.fused is None
        assert state.abstain is not None
        assert state.abstain.reason == "no_face"


async def test_noise_is_not_taken_for_a_voice(tmp_path: Path) -> None:
    clip = write_clip(tmp_path / "noise.webm", seconds=3, picture=empty_room(), loudness=0.05)
    async with gateway() as (server, _), play(server, encode_clip(clip), name="noise") as noise:
        state = await state_of(noise, lambda s: s.t_end_ms >= 5000)
        assert weights(state) == {}


async def test_a_track_that_stops_is_a_warning_and_the_session_goes_on() -> None:
    async with gateway() as (server, _), play(server, portrait(), name="one") as one:
        await state_of(one, lambda s: "face" in weights(s))
        await one.peer.close()
        assert (await warning_of(one, "video_ended")).active
        await one.feed.send(Text(body="Still here, and still happy!"))
        state = await state_of(one, lambda s: "text" in weights(s) and "face" not in weights(s))
        assert state.fused is not None


@asynccontextmanager
async def whip() -> AsyncIterator[Callable[..., object]]:
    async with running_server() as server, aiohttp.ClientSession(server.url) as http:
        opened = await http.post("/v1/demo/sessions", json={"consent": CONSENT})
        credentials = await opened.json()

        async def push(body: bytes, kind: str = "application/sdp") -> tuple[int, str]:
            headers = {
                "Content-Type": kind,
                "Authorization": f"Bearer {credentials['client_token']}",
            }
            answer = await http.post(credentials["whip_url"], data=body, headers=headers)
            return answer.status, (await answer.json())["error"]["code"]

        yield push


DATA_ONLY = """v=0
o=- 1 1 IN IP4 0.0.0.0
s=-
t=0 0
m=application 9 UDP/DTLS/SCTP webrtc-datachannel
c=IN IP4 0.0.0.0
a=mid:0
a=sctp-port:5000
"""
RECEIVE_ONLY = """v=0
o=- 1 1 IN IP4 0.0.0.0
s=-
t=0 0
m=video 9 UDP/TLS/RTP/SAVPF 96
c=IN IP4 0.0.0.0
a=mid:0
a=recvonly
a=rtpmap:96 VP8/90000
"""
WITHOUT_TRANSPORT = RECEIVE_ONLY.replace("recvonly", "sendonly")


async def test_bad_offers_are_refused_with_a_code() -> None:
    async with whip() as push:
        assert await push(b"garbage") == (400, "sdp_invalid")
        assert await push(b"\xff\xfe") == (400, "sdp_invalid")
        assert await push(b"") == (400, "sdp_invalid")
        assert await push(b"v=0\r\n") == (400, "sdp_without_media")
        assert await push(DATA_ONLY.encode()) == (400, "sdp_without_media")
        assert await push(RECEIVE_ONLY.encode()) == (400, "sdp_without_media")
        assert await push(WITHOUT_TRANSPORT.encode()) == (400, "sdp_invalid")
        assert await push(b"{}", kind="application/json") == (415, "media_unsupported")
        assert await push(b"v" * limits.MAX_SDP_BYTES) == (400, "sdp_invalid")
        assert await push(b"v" * (limits.MAX_SDP_BYTES + 1)) == (413, "message_too_big")


def test_an_offer_with_two_cameras_is_refused() -> None:
    second = WITHOUT_TRANSPORT[WITHOUT_TRANSPORT.index("m=video") :].replace("mid:0", "mid:1")
    with pytest.raises(ProtocolError, match="at most one audio and one video") as refused:
        check_offer(WITHOUT_TRANSPORT + second)
    assert refused.value.code is ErrorCode.SDP_UNACCEPTABLE


ALL_SECTIONS = WITHOUT_TRANSPORT + "".join(
    WITHOUT_TRANSPORT[WITHOUT_TRANSPORT.index("m=video") :]
    .replace("m=video", f"m={kind}")
    .replace("mid:0", f"mid:{kind}")
    for kind in ("audio", "application", "message")
)


def at_limit(kind: str, more: int) -> str:
    """An offer that is ``more`` than as long as an offer may be, in one respect."""
    length = len(WITHOUT_TRANSPORT.splitlines())
    return WITHOUT_TRANSPORT + {
        "lines": "a=x\n" * (limits.MAX_SDP_LINES - length + more),
        "line": "a=" + "x" * (limits.MAX_SDP_LINE_CHARACTERS - 2 + more) + "\n",
        "codecs": "a=rtpmap:96 VP8/90000\n" * (limits.MAX_SDP_CODECS - 1 + more),
    }.get(kind, "")


@pytest.mark.parametrize("kind", ["lines", "line", "codecs"])
def test_an_offer_at_a_limit_is_read_and_one_past_it_is_refused(kind: str) -> None:
    check_offer(at_limit(kind, 0))
    with pytest.raises(ProtocolError, match="at most") as refused:
        check_offer(at_limit(kind, 1))
    assert refused.value.code is ErrorCode.SDP_UNACCEPTABLE


def test_an_offer_with_more_sections_than_there_are_kinds_is_refused() -> None:
    with pytest.raises(ProtocolError, match=f"at most {limits.MAX_SDP_SECTIONS} sections"):
        check_offer(ALL_SECTIONS)
    # Three are enough to be asked for a bundle.
    three, _, _ = ALL_SECTIONS.partition("m=message")
    with pytest.raises(ProtocolError, match="BUNDLE"):
        check_offer(three)


async def test_a_second_push_replaces_the_first_and_states_go_on() -> None:
    clip = portrait()
    request = SessionRequest(consent=msgspec.convert(CONSENT, Consent))
    async with (
        gateway() as (server, running),
        server.session(request) as credentials,
        server.subscribe(credentials, Format.MSGPACK) as feed,
        Peer(clip, loopback=True) as first,
        Peer(clip, loopback=True) as second,
    ):
        async with server.push(credentials) as exchange:
            await first.connect(exchange)
            participant = Participant(credentials, first, feed)
            before = await state_of(participant, lambda s: "face" in weights(s))
        async with server.push(credentials) as exchange:
            await second.connect(exchange)
            after = await state_of(
                participant, lambda s: s.seq >= before.seq + 3 and "face" in weights(s)
            )
            assert after.session == before.session
            assert "esapr_peers 1.0" in running.metrics.text().decode()


async def test_a_stale_delete_leaves_the_newer_peer_alone() -> None:
    clip = portrait()
    request = SessionRequest(consent=msgspec.convert(CONSENT, Consent))
    async with (
        gateway() as (server, running),
        server.session(request) as credentials,
        server.subscribe(credentials, Format.JSON) as feed,
        Peer(clip, loopback=True) as first,
        Peer(clip, loopback=True) as second,
        server.push(credentials) as newer,
    ):
        async with server.push(credentials) as older:
            await first.connect(older)
            await second.connect(newer)
            participant = Participant(credentials, second, feed)
            before = await state_of(participant, lambda s: "face" in weights(s))
        await state_of(participant, lambda s: s.seq >= before.seq + 4 and "face" in weights(s))
        assert "esapr_peers 1.0" in running.metrics.text().decode()


async def test_memory_and_tasks_do_not_grow_with_sessions_that_come_and_go() -> None:
    async with gateway() as (server, running):
        tasks = []
        for index in range(5):
            async with play(server, portrait(), name=str(index)) as participant:
                await state_of(participant, lambda s: "face" in weights(s))
            tasks.append(len(asyncio.all_tasks()))
        # A session that leaked would leave its own tasks and aiortc's: several each.
        assert tasks[-1] < tasks[0] + len(tasks)
        assert "esapr_sessions 0.0" in running.metrics.text().decode()


async def test_a_still_face_is_not_run_through_the_networks_again_and_again(
    tmp_path: Path,
) -> None:
    with av.open(str(PHOTO)) as file:
        photo = next(file.decode(video=0)).to_ndarray(format="rgb24").astype(np.uint8)
    clip = write_clip(tmp_path / "still.webm", seconds=3, picture=photo[:480, :480])
    async with gateway() as (server, running), play(server, encode_clip(clip), name="one") as one:
        await state_of(one, lambda s: s.t_end_ms >= 4000 and "face" in weights(s))

        unchanged = re.search(r"esapr_unchanged_total (\d+)", running.metrics.text().decode())
        assert unchanged is not None
        assert int(unchanged[1]) >= 5
