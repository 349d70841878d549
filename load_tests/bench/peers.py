"""``bench peers``: frames a second on one core, ours and others', on the same pictures."""

import asyncio
import json
import os
import sys
from asyncio.subprocess import DEVNULL, PIPE, Process
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import av
import numpy as np
from numpy.typing import NDArray

from esapr.load_tests import PORTRAIT
from esapr.load_tests.bench.contestant import MARK
from esapr.load_tests.bench.environments import InstallError, Rival, prepare
from esapr.load_tests.bench.repeated import Repeated
from esapr.load_tests.corpora import PRIVATE_TEST, read_faces

TARGET = 2.0
WIDTH, HEIGHT = 320, 240
"""What the server analyses; a larger picture would only slow down whoever searches all of it."""

ANSWER_SECONDS = 300.0
OURS = (sys.executable, "-m", "esapr.load_tests.bench.ours")
_ONE_THREAD = (
    "env",
    "OMP_NUM_THREADS=1",
    "TF_NUM_INTRAOP_THREADS=1",
    "TF_NUM_INTEROP_THREADS=1",
)


class ContestantError(Exception):
    """A contestant ended, or gave no answer; the message says which."""


@dataclass(slots=True)
class Score:
    """What one contestant reached; ``reason`` says why a figure is missing."""

    rounds: list[float] = field(default_factory=list)
    found: float | None = None
    accuracy: float | None = None
    reason: str | None = None

    @property
    def fps(self) -> Repeated | None:
        """Frames a second."""
        return Repeated(self.rounds) if self.rounds and self.reason is None else None


@dataclass(frozen=True, slots=True)
class Faces:
    """FER2013's PrivateTest without duplicates: grey ``[N, 48, 48]`` and a name each."""

    images: NDArray[np.uint8]
    labels: list[str]

    def accuracy(self, given: Sequence[str]) -> float:
        """Return the share of labels that are right."""
        return sum(a == b for a, b in zip(given, self.labels, strict=True)) / len(self.labels)


@dataclass(frozen=True, slots=True)
class PeersReport:
    """Ours and every rival, by name."""

    ours: Score
    rivals: dict[str, Score]

    @property
    def ratio_to_best(self) -> Repeated | None:
        """Ours over the fastest rival, round by round; None if none ran."""
        ran = [score.rounds for score in self.rivals.values() if score.fps]
        if not ran or not self.ours.fps:
            return None
        best = [max(rates) for rates in zip(*ran, strict=True)]
        return Repeated([a / b for a, b in zip(self.ours.rounds, best, strict=True)])


def read_private_test(data: Path) -> Faces:
    """Read the test faces from ``data/face``.

    Raises:
        OSError: the data set is not there.
    """
    faces = read_faces(data, PRIVATE_TEST)
    return Faces(faces.images, faces.labels)


def read_frames(clip: Path, count: int) -> NDArray[np.uint8]:
    """Return the first ``count`` pictures of ``clip``: uint8 RGB ``[N, HEIGHT, WIDTH, 3]``."""
    pictures: list[NDArray[np.uint8]] = []
    with av.open(str(clip)) as container:
        for frame in container.decode(video=0):
            scaled = frame.reformat(width=WIDTH, height=HEIGHT, format="rgb24")
            pictures.append(np.asarray(scaled.to_ndarray(), np.uint8))
            if len(pictures) == count:
                break
    return np.stack(pictures)


async def run(
    rivals: Sequence[Rival],
    environments: Path,
    *,
    frames: int,
    repetitions: int,
    faces: Faces | None,
    say: Callable[[str], None],
) -> PeersReport:
    """Install ``rivals`` where needed, then let all take turns on one core.

    A rival that cannot be installed or run is in the report with the reason.
    """
    report = PeersReport(Score(), {rival.name: Score() for rival in rivals})
    with TemporaryDirectory() as scratch:
        arguments = _write(Path(scratch), read_frames(PORTRAIT, frames), faces)
        commands: list[tuple[str, Score, tuple[str, ...]]] = [("ours", report.ours, OURS)]
        for rival in rivals:
            score = report.rivals[rival.name]
            say(f"{rival.name}: preparing")
            try:
                command = rival.command(await prepare(rival, environments))
            except InstallError as error:
                score.reason = f"not installed: {error}"
            else:
                commands.append((rival.name, score, command))
        async with AsyncExitStack() as stack:
            running = [
                (name, score, await stack.enter_async_context(_start((*command, *arguments))))
                for name, score, command in commands
            ]
            await _take_turns(running, repetitions, faces, say)
    return report


def _write(scratch: Path, pictures: NDArray[np.uint8], faces: Faces | None) -> tuple[str, ...]:
    pictures.tofile(scratch / "frames.u8")
    arguments = (str(scratch / "frames.u8"), str(WIDTH), str(HEIGHT))
    if faces is None:
        return arguments
    faces.images.tofile(scratch / "faces.u8")
    return (*arguments, str(scratch / "faces.u8"))


async def _take_turns(
    running: list[tuple[str, Score, Process]],
    repetitions: int,
    faces: Faces | None,
    say: Callable[[str], None],
) -> None:
    for turn in range(repetitions + 1):
        for name, score, process in running:
            if score.reason is not None:
                continue
            say(f"{name}: round {turn} of {repetitions}" if turn else f"{name}: loading")
            try:
                if turn:
                    answer = await _ask(process, "frames")
                    score.rounds.append(answer["frames"] / answer["seconds"])
                    score.found = answer["found"] / answer["frames"]
                else:
                    await _answer(process)
                    if faces is not None:
                        score.accuracy = faces.accuracy((await _ask(process, "faces"))["labels"])
            except ContestantError as error:
                score.reason = f"failed: {error}"


@asynccontextmanager
async def _start(command: Sequence[str]) -> AsyncIterator[Process]:
    """Start a contestant on the last of our cores, with one thread where libraries can be told."""
    core = max(os.sched_getaffinity(0))
    process = await asyncio.create_subprocess_exec(
        *("taskset", "-c", str(core), *_ONE_THREAD, *command),
        stdin=PIPE,
        stdout=PIPE,
        stderr=DEVNULL,
        limit=1 << 20,
    )
    try:
        yield process
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()


async def _ask(process: Process, question: str) -> Any:
    assert process.stdin is not None
    try:
        process.stdin.write(f"{question}\n".encode())
        await process.stdin.drain()
    except ConnectionError:
        raise ContestantError("it ended") from None
    return await _answer(process)


async def _answer(process: Process) -> Any:
    assert process.stdout is not None
    try:
        async with asyncio.timeout(ANSWER_SECONDS):
            async for line in process.stdout:
                text = line.decode(errors="replace")
                if text.startswith(MARK):
                    return json.loads(text.removeprefix(MARK))
    except TimeoutError:
        raise ContestantError(f"no answer within {ANSWER_SECONDS:.0f} s") from None
    raise ContestantError("it ended")
