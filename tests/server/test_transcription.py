"""Speech to text: queue and process with a stand-in for the recogniser, and the real one."""

import asyncio
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from importlib.util import find_spec
from itertools import cycle
from pathlib import Path

import aiohttp
import numpy as np
import pytest

from esapr.inference.signals import AudioWindow
from esapr.inference.voice.activity import CHUNKS, Speech
from esapr.inference.voice.utterances import Utterance
from esapr.inference.voice.windows import WINDOW
from esapr.protocol.binary import Kind, Media, encode_media
from esapr.protocol.errors import ErrorCode, ProtocolError
from esapr.protocol.messages import Text
from esapr.protocol.requests import Modality, SessionRequest
from esapr.server.config import ConfigError
from esapr.server.metrics import Metrics
from esapr.server.sessions.dictation import Dictation, check_transcribing
from esapr.server.transcription import PACKAGED, WAITING, Transcriber, open_transcriber, packaged
from esapr.server.transcription_worker import text
from tests.server.http.feeds import Client, Json, client, receive
from tests.serving import CONSENT

pytestmark = pytest.mark.real_time

SPEECH = Path(__file__).parents[1] / "data/speech.npz"
SECOND = np.zeros(16_000, np.float32)

STAND_IN = """
import struct, sys
sys.stdout.buffer.write(bytes(4)); sys.stdout.buffer.flush()
while head := sys.stdin.buffer.read(4):
    samples = sys.stdin.buffer.read(*struct.unpack("<I", head))
    if len(samples) < 8:
        sys.exit()
    text = f"{len(samples) // 64000} seconds".encode() if any(samples) else b""
    sys.stdout.buffer.write(struct.pack("<I", len(text)) + text); sys.stdout.buffer.flush()
"""
"""Says how long what it is given is, nothing of silence, and dies of a single sample."""


class Page:
    """What is written down."""

    def __init__(self, lines: int) -> None:
        self.lines: list[tuple[str, float]] = []
        self._wanted = lines
        self.full = asyncio.Event()

    def write(self, text: str, at: float) -> None:
        self.lines.append((text, at))
        if len(self.lines) == self._wanted:
            self.full.set()


@asynccontextmanager
async def transcriber(metrics: Metrics) -> AsyncIterator[Transcriber]:
    one = Transcriber((sys.executable, "-c", STAND_IN), metrics)
    async with asyncio.timeout(30), asyncio.TaskGroup() as group:
        running = group.create_task(one.run())
        yield one
        running.cancel()


def drops(metrics: Metrics, reason: str) -> float:
    return metrics.drops.labels("transcription", reason)._value.get()


async def test_utterances_are_written_down_in_order_and_silence_is_not() -> None:
    async with transcriber(Metrics()) as one:
        page = Page(2)
        for at, samples in ((2.0, SECOND + 1), (4.0, SECOND), (6.0, np.tile(SECOND + 1, 3))):
            one.put(Utterance(at, samples), page.write)
        await page.full.wait()
    assert page.lines == [("1 seconds", 2.0), ("3 seconds", 6.0)]


async def test_a_process_that_dies_takes_one_utterance_with_it() -> None:
    metrics = Metrics()
    async with transcriber(metrics) as one:
        page = Page(1)
        one.put(Utterance(1.0, SECOND[:1]), page.write)
        one.put(Utterance(2.0, SECOND + 1), page.write)
        await page.full.wait()
    assert page.lines == [("1 seconds", 2.0)]
    assert drops(metrics, "failed") == 1


async def test_a_process_that_does_not_start_lets_nobody_wait() -> None:
    metrics = Metrics()
    one = Transcriber((sys.executable, "-c", ""), metrics)
    async with asyncio.timeout(30), asyncio.TaskGroup() as group:
        running = group.create_task(one.run())
        assert await one.written(Utterance(1.0, SECOND)) == ""
        running.cancel()
    assert drops(metrics, "failed") == 1


async def test_a_full_queue_refuses_and_counts() -> None:
    metrics = Metrics()
    one = Transcriber((), metrics)
    for _ in range(WAITING + 2):
        one.put(Utterance(1.0, SECOND), Page(1).write)
    assert drops(metrics, "full") == 2


async def test_what_is_said_comes_back_as_a_line_of_its_own() -> None:
    lines: list[Text] = []
    written = asyncio.Event()

    def add(line: Text) -> None:
        if lines:
            written.set()
            raise ProtocolError(ErrorCode.MUTED, "text is muted")
        lines.append(line)

    metrics = Metrics()
    spoken = Speech(0, WINDOW, 900, 900, np.ones(CHUNKS, np.bool_))
    async with transcriber(metrics) as one:
        dictation = Dictation(one, add, metrics)
        for at, speech in enumerate((spoken, spoken, None, spoken, None), start=3):
            dictation.hear(AudioWindow(float(at), np.ones(WINDOW, np.float32)), speech)
        await written.wait()
    assert lines == [Text("2 seconds", "transcript", 4_000)]
    assert drops(metrics, "muted") == 1


@pytest.mark.parametrize(
    ("modalities", "there", "problem"),
    [
        (["face", "voice", "text"], False, "this server writes no speech down"),
        (["voice"], True, "it needs the modalities voice and text"),
    ],
)
def test_a_session_is_told_why_nothing_is_written_down(
    modalities: list[Modality], there: bool, problem: str
) -> None:
    request = SessionRequest(modalities=modalities, transcribe=True)
    with pytest.raises(ProtocolError, match=problem) as refused:
        check_transcribing(request, Transcriber((), Metrics()) if there else None)
    assert (refused.value.code, refused.value.field) == (ErrorCode.CONFIG_INVALID, "transcribe")


@pytest.mark.parametrize("model", ["no/such/folder", PACKAGED])
def test_a_model_that_is_not_there_stops_the_server(model: str) -> None:
    if model == PACKAGED and find_spec("faster_whisper"):
        pytest.skip("the extra asr is installed")
    with pytest.raises(ConfigError, match="transcription_model"):
        open_transcriber(model, Metrics())
    assert open_transcriber(None, Metrics()) is None


async def report_of(one: Client) -> Json:
    bearer = {"Authorization": f"Bearer {one.credentials['client_token']}"}
    report: Json = await (await one.http.get(f"{one.path}/report", headers=bearer)).json()
    return report


async def test_what_was_said_and_what_was_written_are_kept_under_covers_of_their_own() -> None:
    consent = {**CONSENT, "covers": ["records", "transcript"]}
    async with client(modalities=["text"], consent=consent) as (one, _), one.greeted() as socket:
        for source, body in (("chat", "canary, canary"), ("transcript", "garden, garden")):
            await socket.send_json({"type": "text", "source": source, "body": body})
        await socket.send_json({"type": "close"})
        await receive(socket, "session.closed")
        assert (await report_of(one))["words"] == [
            {"word": "garden", "count": 2, "share": 1.0, "earlier": None}
        ]
        refused = await one.http.post(
            "/v1/demo/sessions", json={"consent": CONSENT, "transcribe": True}
        )
        assert (await refused.json())["error"]["field"] == "transcribe"


async def speak(socket: aiohttp.ClientWebSocketResponse, pcm: np.ndarray) -> None:
    """Say the same again and again, in real time."""
    loop = asyncio.get_running_loop()
    begun = loop.time()
    halves = cycle(np.split(pcm, len(pcm) // 8_000))
    for number, half in enumerate(halves):
        await asyncio.sleep(begun + number / 2 - loop.time())
        media = Media(Kind.PCM, number * 500, half.astype("<i2").tobytes(), 16_000)
        await socket.send_bytes(encode_media(media))


@pytest.mark.skipif(not find_spec("faster_whisper"), reason="missing: make setup EXTRA=asr")
async def test_speech_becomes_text() -> None:
    with np.load(SPEECH) as stored:
        pcm = np.concatenate([stored["samples"][:32_000], np.zeros(13 * 16_000, np.int16)])
    wanted = {
        "modalities": ["voice", "text"],
        "transcribe": True,
        "consent": {**CONSENT, "covers": ["records", "transcript"]},
    }
    async with (
        client({"transcription_model": PACKAGED}, **wanted) as (one, _),
        one.greeted() as socket,
        asyncio.timeout(120),
        asyncio.TaskGroup() as group,
    ):
        speaking = group.create_task(speak(socket, pcm))
        while "text" not in (state := await receive(socket, "state"))["modalities"]:
            pass
        speaking.cancel()
        assert state["modalities"]["text"]["lines"] >= 1
        await socket.send_json({"type": "close"})
        await receive(socket, "session.closed")
        assert (await report_of(one))["words"] is not None


@pytest.mark.skipif(not find_spec("faster_whisper"), reason="missing: make setup EXTRA=asr")
def test_the_recogniser_hears_what_is_said_and_nothing_in_noise_or_silence() -> None:
    from faster_whisper import WhisperModel

    with np.load(SPEECH) as stored:
        speech = (stored["samples"] / 32_768).astype(np.float32)
    model = WhisperModel(str(packaged()), device="cpu", compute_type="int8", cpu_threads=1)
    assert "weather report" in text(model, speech)
    assert text(model, SECOND) == ""
    assert text(model, np.random.default_rng(0).normal(0, 0.02, 48_000).astype(np.float32)) == ""
