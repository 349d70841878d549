"""Partners that send media over the feed: the same states as from any other source."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import aiohttp
import numpy as np
import pytest

from esapr.inference.signals import SAMPLE_RATE, VideoFrame
from esapr.inference.workers import ThreadWorkers
from esapr.load_tests import PORTRAIT
from esapr.load_tests.media import encode_clip
from esapr.load_tests.peer import Peer
from esapr.protocol import MSGPACK_SUBPROTOCOL, limits
from esapr.protocol.binary import HEAD, Kind, Media, encode_media
from esapr.protocol.codec import Format, decode_server, encode
from esapr.protocol.messages import Hello, State
from esapr.server.metrics import Metrics
from esapr.server.pipeline import Analysers, Pipeline
from esapr.server.sessions.states import rounded
from tests.server.http.feeds import Client, Json, client, last_words, receive
from tests.server.media.encoded import ogg_opus, picture, portrait, speech
from tests.serving import models

pytestmark = pytest.mark.real_time


async def state_with(socket: aiohttp.ClientWebSocketResponse, modality: str) -> Json:
    """Return the first state to which a modality contributes."""
    async with asyncio.timeout(30):
        while modality not in (state := await receive(socket, "state"))["modalities"]:
            pass
    return state


async def clock(socket: aiohttp.ClientWebSocketResponse) -> int:
    """Return the session clock, in ms."""
    await socket.send_json({"type": "ping", "t": 0})
    return int((await receive(socket, "pong"))["t_ms"])


@asynccontextmanager
async def analysers() -> AsyncIterator[Analysers]:
    """The analysers without a server around them."""
    with ThreadWorkers(1) as workers:
        pipeline = Pipeline(models(), workers, Metrics())
        async with asyncio.TaskGroup() as group:
            running = group.create_task(pipeline.run())
            yield pipeline.analysers("direct")
            running.cancel()


async def test_a_picture_gives_the_scores_that_the_analysers_give_directly() -> None:
    async with analysers() as direct:
        reading = await direct.face.score(VideoFrame(1.0, portrait()))
    assert reading.score is not None
    async with client() as (one, _), one.greeted() as socket:
        at = await clock(socket)
        await socket.send_bytes(encode_media(Media(Kind.IMAGE, at, picture(portrait()))))
        face = (await state_with(socket, "face"))["modalities"]["face"]
    assert face["probs"] == rounded(reading.score.probs)
    assert face["quality"] == [str(flag) for flag in reading.quality]


def halves_of_seconds(kind: Kind) -> list[bytes]:
    """Two seconds of speech in four messages."""
    if kind is Kind.PCM:
        return [part.tobytes() for part in np.split(speech(), 4)]
    pages = ogg_opus(speech(), SAMPLE_RATE, page_ms=500).split(b"OggS")[1:]
    head, tags, *sound = [b"OggS" + page for page in pages]
    return [head + tags + sound[0], *sound[1:]]


@pytest.mark.parametrize("kind", [Kind.PCM, Kind.OPUS])
async def test_speech_becomes_a_voice_score(kind: Kind) -> None:
    async with client() as (one, _), one.greeted() as socket:
        start = await clock(socket)
        # Two seconds of speech are not over before two seconds are.
        while (await receive(socket, "state"))["t_end_ms"] < start + 2_000:
            pass
        for number, payload in enumerate(halves_of_seconds(kind)):
            rate = SAMPLE_RATE if kind is Kind.PCM else 0
            media = Media(kind, start + number * 500, payload, rate)
            await socket.send_bytes(encode_media(media))
        voice = (await state_with(socket, "voice"))["modalities"]["voice"]
    assert voice["speech_ms"] > 500


async def test_media_travel_beside_messagepack() -> None:
    async with client() as (one, _), one.feed(MSGPACK_SUBPROTOCOL) as socket:
        await socket.send_bytes(encode(Hello(version=1), Format.MSGPACK))
        await socket.send_bytes(encode_media(Media(Kind.IMAGE, 0, picture(portrait()))))
        async with asyncio.timeout(30):
            while True:
                message = decode_server(await socket.receive_bytes(), Format.MSGPACK)
                if isinstance(message, State) and message.modalities.face:
                    break


@pytest.mark.parametrize(
    ("sent", "code", "field"),
    [
        (b"", "bad_message", None),
        (HEAD.pack(9, 1, 0, 0, 0) + b"x", "bad_message", "kind"),
        (encode_media(Media(Kind.IMAGE, 0, b"not a picture")), "media_invalid", "payload"),
        (encode_media(Media(Kind.IMAGE, 10**9, b"x")), "config_invalid", "captured_ms"),
        (
            HEAD.pack(1, 1, 0, 0, 0) + bytes(limits.MAX_IMAGE_BYTES + 1),
            "message_too_big",
            "payload",
        ),
    ],
    ids=["empty", "kind", "junk", "ahead", "too big"],
)
async def test_bad_media_are_answered_and_the_feed_goes_on(
    sent: bytes, code: str, field: str | None
) -> None:
    async with client() as (one, _), one.greeted() as socket:
        await socket.send_bytes(sent)
        error = await receive(socket, "error")
        assert (error["code"], error.get("field")) == (code, field)
        await receive(socket, "state")


async def test_media_of_a_modality_that_is_not_analysed_are_refused() -> None:
    async with client(modalities=["text"]) as (one, _), one.greeted() as socket:
        await socket.send_bytes(encode_media(Media(Kind.IMAGE, 0, picture(portrait()))))
        assert (await receive(socket, "error"))["field"] == "modalities"


async def test_media_need_a_token_that_allows_them() -> None:
    async with client() as (one, _):
        bearer = {"Authorization": f"Bearer {one.credentials['client_token']}"}
        body = {"role": "participant", "scopes": ["feed"]}
        made = await one.http.post(f"{one.path}/tokens", json=body, headers=bearer)
        one.credentials["client_token"] = (await made.json())["token"]
        async with one.greeted() as socket:
            await socket.send_bytes(encode_media(Media(Kind.IMAGE, 0, picture(portrait()))))
            assert (await receive(socket, "error"))["code"] == "scope_missing"


async def test_media_lock_the_configuration_and_the_session_says_where_they_come_from() -> None:
    async with client() as (one, _), one.greeted() as socket:
        await socket.send_bytes(encode_media(Media(Kind.IMAGE, 0, picture(portrait()))))
        await socket.send_json({"type": "configure", "tick_ms": 300})
        assert (await receive(socket, "error"))["code"] == "config_locked"
        assert (await info(one))["media"] == "messages"


async def info(one: Client) -> Json:
    bearer = {"Authorization": f"Bearer {one.credentials['client_token']}"}
    answer: Json = await (await one.http.get(one.path, headers=bearer)).json()
    return answer


async def test_a_webrtc_peer_takes_over_and_media_messages_are_refused() -> None:
    async with (
        client() as (one, _),
        one.greeted() as socket,
        Peer(encode_clip(PORTRAIT), loopback=True) as peer,
    ):
        await socket.send_bytes(encode_media(Media(Kind.IMAGE, 0, picture(portrait()))))
        await state_with(socket, "face")

        async def exchange(offer: str) -> str:
            bearer = {"Authorization": f"Bearer {one.credentials['client_token']}"}
            headers = {"Content-Type": "application/sdp", **bearer}
            answer = await one.http.post(
                one.credentials["whip_url"], data=offer.encode(), headers=headers
            )
            return await answer.text()

        await peer.connect(exchange)
        await socket.send_bytes(encode_media(Media(Kind.IMAGE, 1, picture(portrait()))))
        assert (await receive(socket, "error"))["code"] == "media_conflict"
        assert (await info(one))["media"] == "webrtc"


async def test_a_flood_of_pictures_is_refused_and_then_closes_the_feed() -> None:
    async with client() as (one, _), one.greeted() as socket:
        frame = picture(portrait())
        for number in range(limits.IMAGE_BURST + limits.MESSAGE_BURST + 50):
            if socket.closed:
                break
            await socket.send_bytes(encode_media(Media(Kind.IMAGE, number, frame)))
        assert (await last_words(socket))["code"] == "rate_limited"
        assert socket.close_code == 4429
