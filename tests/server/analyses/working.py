"""Files analysed with the shipped models, for tests."""

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

from esapr.inference.fusion import FusionConfig
from esapr.protocol.analyses import AnalysisSummary, Page
from esapr.protocol.events import Event, HelpLine
from esapr.protocol.messages import State
from esapr.server.analyses.formats import format_of_file
from esapr.server.analyses.opening import Means, open_file, work_on
from esapr.server.analyses.subject import Subject
from esapr.server.metrics import Metrics
from esapr.server.pipeline import running_pipeline
from esapr.server.transcription import Transcriber
from tests.serving import models

Shown = list[State | Page | Event]


@asynccontextmanager
async def means(
    opened: Callable[[Metrics], Transcriber | None] = lambda _: None,
) -> AsyncIterator[Means]:
    """Run the pipeline, and what writes speech down if there is any."""
    metrics = Metrics()
    transcriber = opened(metrics)
    with running_pipeline(models(), 2, metrics) as pipeline:
        async with asyncio.TaskGroup() as group:
            running = [group.create_task(pipeline.run())]
            if transcriber:
                running.append(group.create_task(transcriber.run()))
            yield Means(pipeline, metrics, FusionConfig(), transcriber)
            for task in running:
                task.cancel()


async def shown(
    source: Path | bytes,
    name: str,
    using: Means,
    *,
    tick_ms: int = 1_000,
    help_lines: Sequence[HelpLine] = (),
    transcribe: bool = False,
) -> tuple[Shown, AnalysisSummary]:
    """Return what a file shows; ``name`` says what it is."""
    about = Subject("an analysis", "somebody", ("face", "voice", "text"), tick_ms, help_lines)
    subject = replace(about, transcribe=transcribe)
    opened = open_file(source, format_of_file(Path(name)), longest=3_600.0)
    work = work_on(opened, subject, using)
    found = [each async for each in work.found()]
    assert work.fraction == 1.0
    return found, work.summary()
