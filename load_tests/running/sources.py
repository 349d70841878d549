"""What a session sends: media by WebRTC or as messages, and lines of chat."""

import asyncio
import random
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from itertools import count
from pathlib import Path

import aiohttp

from esapr.client import Session
from esapr.client.connection import back_off
from esapr.client.recording import read
from esapr.load_tests.gateway import Gateway, Push, RefusedError
from esapr.load_tests.labels import Labels
from esapr.load_tests.media import EncodedClip
from esapr.load_tests.network import ImpairedNetwork, Profile, impaired, relays_of
from esapr.load_tests.peer import Peer, PeerError
from esapr.protocol.binary import Kind, Media

LINE = "I will be there at ten."
"""What is written where the clip has no lines of its own."""

MAX_PUSHES = 10
"""Pushes in a row that may fail before a session has lost its media."""

LOOK_SECONDS = 1.0
"""How often a peer looks whether it is still connected."""

_BYTES_PER_SAMPLE = 2


@dataclass(frozen=True, slots=True)
class Played:
    """A clip as all sessions of a process play it."""

    path: Path
    encoded: EncodedClip
    labels: Labels
    duration: float
    """Seconds after which it starts over."""


@dataclass(frozen=True, slots=True)
class Way:
    """The network that a session's media cross."""

    profile: Profile
    seed: int
    moves_at: float
    """When the peer's address changes, on the loop's clock; only where the profile has it move."""


class Source:
    """The media of one session; ``began`` is called whenever they begin to flow."""

    def __init__(self, clip: Played, way: Way, began: Callable[[], None]) -> None:
        """Play ``clip`` from its start each time."""
        self._clip = clip
        self._way = way
        self._began = began
        self._moves = way.profile.moves
        self.played_from: float | None = None
        """When the clip began to play, in seconds of the loop's clock."""
        self.doubted = asyncio.Event()
        """Set when the server may have lost the media: the feed was lost, and is back."""

    async def push(self, gateway: Gateway, session: Session) -> None:
        """Send by WebRTC, again whenever the connection is lost, until cancelled.

        Raises:
            PeerError: ten pushes in a row have failed.
            NetworkError: media are to take a TURN server, and the server names none.
        """
        async with impaired(self._way.profile, self._way.seed) as net:
            await self._push(gateway, session, net)

    async def _push(self, gateway: Gateway, session: Session, net: ImpairedNetwork) -> None:
        failed = 0
        relays = relays_of(self._way.profile, session.credentials)
        while True:
            try:
                async with (
                    gateway.push(session.credentials) as push,
                    Peer(self._clip.encoded, loopback=gateway.loopback, relays=relays) as peer,
                ):
                    await peer.connect(net.exchange(push))
                    failed = 0
                    self._begin()
                    while not await self._lost(gateway, session, peer):
                        await self._move(peer, net, push)
            except (RefusedError, PeerError, aiohttp.ClientError, TimeoutError) as error:
                failed += 1
                if failed == MAX_PUSHES:
                    raise PeerError(f"{failed} pushes in a row have failed: {error}") from error
                await asyncio.sleep(back_off(failed, random.random()))

    async def _lost(self, gateway: Gateway, session: Session, peer: Peer) -> bool:
        """Return within a second, or when the feed is back, whether the media are lost."""
        with suppress(TimeoutError):
            async with asyncio.timeout(LOOK_SECONDS):
                await self.doubted.wait()
        if self.doubted.is_set():
            self.doubted.clear()
            if (await gateway.info(session.credentials)).media == "none":
                return True
        return not peer.connected

    async def _move(self, peer: Peer, net: ImpairedNetwork, push: Push) -> None:
        """Change the peer's address when its time has come; it restarts ICE, as a browser can."""
        if self._moves and asyncio.get_running_loop().time() >= self._way.moves_at:
            self._moves = False
            await net.move()
            await peer.restart(net.exchange(push.restart))

    async def stream(self, session: Session) -> None:
        """Send as media messages, over and over, until cancelled.

        Raises:
            EsaprError: the session has ended.
        """
        rate = session.created.limits.images_per_second
        wanted = session.created.config.modalities
        pieces = await asyncio.to_thread(lambda: list(read(self._clip.path, rate, wanted)))
        loop = asyncio.get_running_loop()
        start, start_ms = loop.time(), session.t_ms
        self._begin()
        for lap in count():
            for piece in pieces:
                offset = lap * self._clip.duration + piece.captured_ms / 1000
                await asyncio.sleep(start + offset + _length(piece) - loop.time())
                await _send(session, piece, start_ms + round(offset * 1000))

    async def chat(self, session: Session, every: float, first: float) -> None:
        """Write a line ``every`` so many seconds, after ``first``, until cancelled.

        Raises:
            EsaprError: the session has ended.
        """
        loop = asyncio.get_running_loop()
        await asyncio.sleep(first)
        for turn in count():
            began = loop.time() if self.played_from is None else self.played_from
            position = (loop.time() - began) % self._clip.duration
            await session.send_text(self._clip.labels.line(position, turn) or LINE)
            await asyncio.sleep(every)

    def _begin(self) -> None:
        self.played_from = asyncio.get_running_loop().time()
        self._began()


def _length(piece: Media) -> float:
    """Return how many seconds of sound a piece holds; a picture has none."""
    if piece.kind is not Kind.PCM:
        return 0.0
    return len(piece.payload) / _BYTES_PER_SAMPLE / piece.rate


async def _send(session: Session, piece: Media, at_ms: int) -> None:
    if piece.kind is Kind.PCM:
        await session.send_audio(piece.payload, piece.rate, at_ms=at_ms)
    else:
        await session.send_image(piece.payload, at_ms=at_ms)
