"""A whole session of marked content and secrets leaves none of them behind: no log, no file."""

import asyncio
import os
import re
import sys
from asyncio.subprocess import PIPE
from base64 import b64encode
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

import aiohttp
import msgspec
import numpy as np
import pytest
from yarl import URL

from esapr.load_tests import PORTRAIT
from esapr.load_tests.gateway import Gateway
from esapr.load_tests.media import encode_clip
from esapr.load_tests.peer import Peer
from esapr.protocol.binary import Kind, Media, encode_media
from esapr.protocol.codec import Format
from esapr.protocol.messages import State, Text
from esapr.protocol.requests import SessionCredentials, SessionRequest
from esapr.protocol.rooms import TokenRequest
from tests.server.http.feeds import receive
from tests.server.media.encoded import picture, portrait
from tests.serving import CONSENT

pytestmark = pytest.mark.real_time

# Every library logs all that it can: our own setting leaves a root logger that there is as it is.
NOISY = """
import logging
logging.basicConfig(level=logging.DEBUG)
from esapr.cli.main import main
main()
"""
WORDS = "zanzibar quetzal"
NAME = "Canary Nightingale"
SUBJECT = "canary-subject-7731"
TURN_SECRET = "canary-turn-secret-4471"
AUDIT_KEY = "canary-audit-key-" + "8" * 32
SETTINGS = {
    "ESAPR_TURN_URLS": "turn:127.0.0.1:9",
    "ESAPR_TURN_SECRET": TURN_SECRET,
    "ESAPR_AUDIT_KEY": AUDIT_KEY,
    "PYTHONASYNCIODEBUG": "1",
    "PYTHONUNBUFFERED": "1",
}
MARK = 24
"""Bytes of pixels and samples that are looked for: so many alike are no accident."""


@dataclass
class Canaries:
    """What must not be found, by what it is."""

    found_nowhere: dict[str, bytes] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for name, text in {
            "words": WORDS,
            "name": NAME,
            "subject": SUBJECT,
            "TURN secret": TURN_SECRET,
            "audit key": AUDIT_KEY,
        }.items():
            self.add(name, text.encode())

    def add(self, name: str, content: bytes) -> None:
        self.found_nowhere[name] = content

    def add_media(self, name: str, content: bytes) -> None:
        """Add the middle of ``content``, in the forms in which a log might have it."""
        middle = content[len(content) // 2 :][:MARK]
        self.add(name, middle)
        self.add(f"{name} in hex", middle.hex().encode())
        # Of three ways in which bytes may fall in base64 one begins here.
        self.add(f"{name} in base64", b64encode(middle[: MARK // 3 * 3]))
        self.add(f"{name} as Python writes it", repr(middle)[2:-1].encode())

    def in_(self, content: bytes) -> set[str]:
        return {name for name, canary in self.found_nowhere.items() if canary in content}


@dataclass
class Watched:
    """A server whose every line and file is looked at."""

    url: str
    home: Path
    said: list[bytes]

    def files(self) -> dict[str, bytes]:
        paths = [path for path in self.home.rglob("*") if path.is_file()]
        return {path.relative_to(self.home).as_posix(): path.read_bytes() for path in paths}


@asynccontextmanager
async def watched_server(home: Path) -> AsyncIterator[Watched]:
    for folder in ("tmp", "work"):
        (home / folder).mkdir()
    places = {
        "HOME": str(home),
        "TMPDIR": str(home / "tmp"),
        "ESAPR_STATE_DIR": str(home / "state"),
    }
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-c", NOISY, "serve", "--port", "0"),
        env={**os.environ, **SETTINGS, **places},
        cwd=home / "work",
        stdout=PIPE,
        stderr=asyncio.subprocess.STDOUT,
        limit=2**24,
    )
    assert process.stdout is not None
    said: list[bytes] = []
    try:
        async with asyncio.TaskGroup() as group:
            serves = asyncio.get_running_loop().create_future()
            group.create_task(listen(process.stdout, said, serves))
            yield Watched(await serves, home, said)
            process.terminate()
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()


async def listen(
    stream: asyncio.StreamReader, said: list[bytes], serves: asyncio.Future[str]
) -> None:
    async for line in stream:
        said.append(line)
        if found := re.search(rb"serves on (http://\S+)", line):
            serves.set_result(found[1].decode())


def request() -> SessionRequest:
    consent = {**CONSENT, "subject": SUBJECT}
    body = {"consent": consent, "participant": NAME, "room": "canary-room", "tick_ms": 250}
    return msgspec.convert(body, SessionRequest)


async def play_by_webrtc(gateway: Gateway, canaries: Canaries) -> None:
    """Camera, microphone and a line over the data channel; a further token; a wrong address."""
    async with (
        gateway.session(request()) as credentials,
        gateway.subscribe(credentials, Format.JSON) as feed,
        gateway.push(credentials) as exchange,
        Peer(encode_clip(PORTRAIT), loopback=True) as peer,
    ):

        async def noting_password(offer: str) -> str:
            answer = await exchange(offer)
            for sdp in (offer, answer):
                (password, *_) = re.findall(r"a=ice-pwd:(\S+)", sdp)
                canaries.add(f"ICE password {len(canaries.found_nowhere)}", password.encode())
            return answer

        await peer.connect(noting_password)
        await peer.send(Text(body=f"{WORDS}, what a happy day!"))
        note(canaries, credentials)
        token = await gateway.token(credentials, TokenRequest(role="observer"))
        canaries.add("observer's token", token.token.encode())
        async for message in feed:
            if isinstance(message, State) and message.modalities.face and message.modalities.text:
                return


async def play_by_feed(http: aiohttp.ClientSession, canaries: Canaries) -> None:
    """A picture, sound and a line in messages, and some that cannot be read."""
    pixels = np.random.default_rng(7731).integers(0, 256, portrait().shape, np.uint8)
    image = picture((portrait() // 2 + pixels // 2).astype(np.uint8), "PNG")
    sound = np.random.default_rng(4471).integers(-9_000, 9_000, 8_000, np.int16).tobytes()
    canaries.add_media("encoded picture", image)
    canaries.add_media("pixels", (portrait() // 2 + pixels // 2).tobytes())
    canaries.add_media("samples", sound)
    body = msgspec.json.encode(request())
    opened = await http.post("/v1/demo/sessions", data=body)
    credentials = msgspec.json.decode(await opened.read(), type=SessionCredentials)
    note(canaries, credentials)
    # The token is in the address: the fallback for clients that can set no header.
    url = f"{credentials.feed_url}?token={credentials.client_token}"
    async with http.ws_connect(url) as socket:
        await socket.send_json({"type": "hello", "version": 1})
        at = (await receive(socket, "session.created"))["t_ms"]
        await socket.send_bytes(encode_media(Media(Kind.IMAGE, at, image)))
        await socket.send_bytes(encode_media(Media(Kind.IMAGE, at + 1, image[:-2_000])))
        await socket.send_bytes(encode_media(Media(Kind.PCM, at, sound, 16_000)))
        await socket.send_json({"type": "text", "body": f"{WORDS}, I love it", "source": "chat"})
        await socket.send_json({"type": "text", "body": [WORDS], WORDS: WORDS})
        await socket.send_str(f'{{"type": "text", "body": "{WORDS}')
        while "text" not in (await receive(socket, "state"))["modalities"]:
            pass
    bearer = {"Authorization": f"Bearer {credentials.client_token}"}
    path = f"/v1/sessions/{credentials.session_id}"
    assert (await http.get(f"{path}?token=wrong-{WORDS}")).status == 401
    assert (await http.post(f"{path}/whip", data=WORDS, headers=bearer)).status == 415
    assert (await http.delete(path, headers=bearer)).status == 204


def note(canaries: Canaries, credentials: SessionCredentials) -> None:
    canaries.add(f"token of {credentials.session_id}", credentials.client_token.encode())
    (turn,) = credentials.ice_servers
    assert turn.credential
    canaries.add(f"TURN credential of {credentials.session_id}", turn.credential.encode())


async def test_nothing_of_a_session_is_left_behind(tmp_path: Path) -> None:
    canaries = Canaries()
    async with (
        watched_server(tmp_path) as server,
        aiohttp.ClientSession(server.url) as http,
        asyncio.timeout(120),
    ):
        gateway = Gateway(http, URL(server.url))
        await gateway.until_ready()
        await play_by_webrtc(gateway, canaries)
        await play_by_feed(http, canaries)
        metrics = (await gateway.metrics()).encode()
    said = b"".join(server.said)
    assert b"DEBUG:" in said, "the libraries were to log all that they can"
    assert b"session_closed" in said
    assert canaries.in_(metrics) == set()
    assert canaries.in_(said) == set()
    kept = server.files()
    assert {name: found for name, data in kept.items() if (found := canaries.in_(data))} == {}
    # What outlives a session: the audit log, what signs tokens, and the states, which are sealed.
    # Media has no file to be in.
    signing = {"state/signing_keys.json", "state/.signing_keys.json.lock"}
    records = {"state/records.db", "state/records.key"}
    found = {name for name in kept if not name.startswith("state/audit/")}
    assert found == signing | records


def test_a_canary_is_found_in_every_form() -> None:
    canaries, content = Canaries(), bytes(range(256))
    canaries.add_media("sound", content)

    for form in (content, content.hex().encode(), repr(content).encode(), WORDS.encode()):
        assert canaries.in_(b"before " + form + b" after")
    assert not canaries.in_(b"nothing of the kind")
