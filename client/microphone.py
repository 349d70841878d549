"""Sends what a microphone hears into a session. Needs sounddevice (``esapr-client[media]``)."""

import asyncio
from typing import Any

import sounddevice

from esapr.client.session import Session

RATE = 16_000
"""Sample rate in Hz."""

PIECE_SAMPLES = 1_600
WAITING = 20
"""Pieces (two seconds) that may wait; the oldest goes, and is counted with the session's drops."""


async def listen(session: Session, device: int | str | None = None) -> None:
    """Send sound from ``device``, by default the system's, until cancelled or the session ends.

    Raises:
        sounddevice.PortAudioError: the device cannot be opened.
        EsaprError: the session has ended.
    """
    loop = asyncio.get_running_loop()
    pieces: asyncio.Queue[bytes] = asyncio.Queue(WAITING)

    def keep(piece: bytes) -> None:
        if pieces.full():
            pieces.get_nowait()
            session.dropped.sounds += 1
        pieces.put_nowait(piece)

    def heard(data: Any, *_: object) -> None:
        loop.call_soon_threadsafe(keep, bytes(data))

    with sounddevice.RawInputStream(
        RATE, PIECE_SAMPLES, device, channels=1, dtype="int16", callback=heard
    ):
        while True:
            await session.send_audio(await pieces.get(), RATE)
