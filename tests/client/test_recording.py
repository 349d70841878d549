"""Recordings and microphones: what a file holds arrives as if it were live."""

import asyncio
import importlib
import sys
import threading
from collections.abc import Callable
from itertools import pairwise
from types import ModuleType

import av
import pytest

from esapr.client import Client, consent
from esapr.client.recording import RATE, play, read
from esapr.load_tests import PORTRAIT
from esapr.protocol.binary import Kind, Media
from esapr.protocol.messages import Error, State
from tests.serving import running_server

RECEIPT = consent("test participant", text_version="2026-11", method="test")


def recorded(*wanted: str) -> list[Media]:
    return list(read(PORTRAIT, 5.0, wanted))


def test_pictures_come_at_the_servers_rate_and_no_larger_than_it_looks_at() -> None:
    images = recorded("face")
    times = [image.captured_ms for image in images]
    with av.open(str(PORTRAIT)) as clip:
        seconds = (clip.duration or 0) / av.time_base
    assert len(images) == pytest.approx(5 * seconds, abs=2 + seconds)
    assert min(b - a for a, b in pairwise(times)) >= 200
    decoder = av.CodecContext.create("mjpeg", "r")
    (frame,) = decoder.decode(av.Packet(images[0].payload))  # type: ignore[attr-defined]
    assert max(frame.width / 320, frame.height / 240) == pytest.approx(1.0, abs=0.01)


def test_sound_is_whole_and_has_no_holes() -> None:
    pieces = recorded("voice")
    samples = 0
    for piece in pieces:
        assert piece.kind is Kind.PCM
        assert piece.captured_ms - pieces[0].captured_ms == pytest.approx(
            1000 * samples / RATE, abs=1
        )
        samples += len(piece.payload) // 2
    with av.open(str(PORTRAIT)) as clip:
        seconds = (clip.duration or 0) / av.time_base
    assert samples / RATE == pytest.approx(seconds, abs=0.4)


def test_nothing_is_read_of_what_is_not_wanted() -> None:
    assert recorded() == []


@pytest.mark.real_time
async def test_a_recording_gives_states_of_face_and_voice_and_is_never_refused() -> None:
    seen: set[str] = set()
    async with (
        running_server() as server,
        Client(server.url) as client,
        client.session(consent=RECEIPT, tick_ms=200, modalities=["face", "voice"]) as session,
        asyncio.timeout(60),
        asyncio.TaskGroup() as group,
    ):
        playing = group.create_task(play(session, PORTRAIT))
        async for message in session.messages():
            assert not isinstance(message, Error), message
            if isinstance(message, State):
                present = message.modalities
                seen |= {name for name in ("face", "voice") if getattr(present, name)}
            if seen == {"face", "voice"}:
                break
        playing.cancel()
    assert session.dropped.sounds == 0


class RawInputStream:
    """What sounddevice offers, with a recording before the microphone: calls back on a thread."""

    def __init__(
        self,
        rate: int,
        blocksize: int,
        device: object,
        *,
        channels: int,
        dtype: str,
        callback: Callable[..., None],
    ) -> None:
        assert (rate, channels, dtype) == (RATE, 1, "int16")
        self._sound = b"".join(piece.payload for piece in recorded("voice"))
        self._piece = 2 * blocksize
        self._callback = callback
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._hear)

    def __enter__(self) -> None:
        self._thread.start()

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join()

    def _hear(self) -> None:
        for start in range(0, len(self._sound), self._piece):
            piece = self._sound[start : start + self._piece]
            self._callback(memoryview(piece), len(piece) // 2, None, None)
            if self._stop.wait(len(piece) / 2 / RATE):
                return


@pytest.mark.real_time
async def test_what_a_microphone_hears_becomes_states(monkeypatch: pytest.MonkeyPatch) -> None:
    devices = ModuleType("sounddevice")
    devices.RawInputStream = RawInputStream  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "sounddevice", devices)
    microphone = importlib.import_module("esapr.client.microphone")
    async with (
        running_server() as server,
        Client(server.url) as client,
        client.session(consent=RECEIPT, tick_ms=200, modalities=["voice"]) as session,
    ):
        async with asyncio.timeout(60), asyncio.TaskGroup() as group:
            listening = group.create_task(microphone.listen(session))
            async for state in session.states():
                if state.modalities.voice:
                    break
            listening.cancel()
        assert state.modalities.voice
        assert state.modalities.voice.speech_ms > 0
