"""``esapr analyze``: what a recording, a picture or a document shows."""

import asyncio
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, aclosing
from dataclasses import dataclass
from pathlib import Path
from time import perf_counter, process_time
from typing import Self

import click
from msgspec import UNSET, UnsetType
from rich.console import Console
from rich.progress import Progress

from esapr.cli.lines import line, verdict
from esapr.inference.cards import ModelError
from esapr.protocol.analyses import (
    AnalysisDone,
    AnalysisMessage,
    AnalysisSummary,
    Page,
)
from esapr.protocol.codec import Format, encode
from esapr.protocol.errors import ErrorCode, ProtocolError
from esapr.protocol.events import Event
from esapr.protocol.limits import DEFAULT_TICK_MS
from esapr.protocol.messages import State
from esapr.protocol.traits import Traits
from esapr.server import logs
from esapr.server.analyses.formats import format_of_file
from esapr.server.analyses.opening import Means, open_file, work_on
from esapr.server.analyses.subject import Subject, Work
from esapr.server.config import ConfigError, ServerConfig
from esapr.server.fusing import open_fusion
from esapr.server.installed_models import installed_models
from esapr.server.metrics import Metrics
from esapr.server.pipeline import running_pipeline
from esapr.server.reports.drawn import timeline
from esapr.server.reports.words import words_of
from esapr.server.sessions.refusals import error_message
from esapr.server.support import SupportError
from esapr.server.support.help_lines import DEFAULT_LANGUAGE
from esapr.server.support.opening import open_help_lines
from esapr.server.transcription import PACKAGED, Transcriber, open_transcriber

LONGEST_SECONDS = 86_400.0
"""A recording that says to be longer than a day has broken time stamps."""

NOTHING_SHOWN, UNREADABLE = 1, 2

Show = Callable[[AnalysisMessage], None]


@dataclass(frozen=True, slots=True)
class Cost:
    """Seconds that an analysis took, by the clock and of processors; the start is not in them."""

    wall: float
    processor: float

    @classmethod
    def so_far(cls) -> Self:
        """Return what both clocks show."""
        return cls(perf_counter(), process_time())


@click.command()
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object a line.")
@click.option(
    "--svg",
    type=click.Path(dir_okay=False, writable=True, path_type=Path),
    help="Draw a recording's states there.",
)
@click.option("--transcribe", is_flag=True, help="Read what is said, too (extra asr).")
@click.pass_context
def analyze(
    context: click.Context, file: Path, as_json: bool, svg: Path | None, transcribe: bool
) -> None:
    """Print what FILE shows: a recording a state a second, a document a state a page.

    The exit status is 0 if there is an expression, 1 if there is none, and 2 if the file cannot be
    analysed.
    """
    logs.configure(json=False)
    states: list[State] = []
    tell = _print_json if as_json else _print_line

    def show(message: AnalysisMessage) -> None:
        if isinstance(message, State):
            states.append(message)
        tell(message)

    try:
        config = ServerConfig.from_environ()
        summary, cost = asyncio.run(_analyze(file, config, show, transcribe))
    except ProtocolError as error:
        if as_json:
            show(error_message(error))
        click.echo(f"{file}: {error.code}: {error.message}", err=True)
        context.exit(UNREADABLE)
    except BrokenPipeError:
        # Who read the lines has seen enough: Click ends without a word.
        raise
    except (ModelError, ConfigError, SupportError, OSError) as error:
        raise click.ClickException(str(error)) from error
    if not as_json:
        click.echo(_sentence(summary, cost))
    _draw(svg, states)
    context.exit(0 if summary.labels else NOTHING_SHOWN)


async def _analyze(
    file: Path, config: ServerConfig, show: Show, transcribe: bool
) -> tuple[AnalysisSummary, Cost]:
    opened = open_file(file, format_of_file(file), longest=LONGEST_SECONDS)
    lines = open_help_lines(config.help_lines_file).of("", DEFAULT_LANGUAGE)
    subject = Subject(
        file.name,
        "participant",
        ("face", "voice", "text"),
        DEFAULT_TICK_MS,
        lines,
        traits=True,
        transcribe=transcribe,
    )
    metrics = Metrics()
    transcriber = _transcriber(config, metrics) if transcribe else None
    with ExitStack() as stack:
        models = await installed_models(config, metrics, stack)
        pipeline = stack.enter_context(
            running_pipeline(models, config.threads, metrics, any_language=config.any_language)
        )
        means = Means(pipeline, metrics, open_fusion(config), transcriber)
        work = work_on(opened, subject, means)
        try:
            async with asyncio.TaskGroup() as group:
                running = [group.create_task(pipeline.run())]
                if transcriber:
                    running.append(group.create_task(transcriber.run()))
                started = Cost.so_far()
                await _show_all(work, show)
                ended = Cost.so_far()
                for task in running:
                    task.cancel()
        except* (ProtocolError, BrokenPipeError) as ended_early:
            raise ended_early.exceptions[0] from None
    summary = work.summary()
    show(AnalysisDone(file.name, summary))
    return summary, Cost(ended.wall - started.wall, ended.processor - started.processor)


def _transcriber(config: ServerConfig, metrics: Metrics) -> Transcriber | None:
    try:
        return open_transcriber(config.transcription_model or PACKAGED, metrics)
    except ConfigError as error:
        raise ProtocolError(ErrorCode.CONFIG_INVALID, str(error), "transcribe") from error


async def _show_all(work: Work, show: Show) -> None:
    """Show what is found as it is found, above a bar on a terminal."""
    bar = Progress(
        console=Console(stderr=True),
        transient=True,
        disable=not sys.stderr.isatty(),
        redirect_stdout=sys.stdout.isatty(),
    )
    with bar:
        task = bar.add_task("", total=1.0)
        async with aclosing(work.found()) as found:
            async for each in found:
                show(each)
                bar.update(task, completed=work.fraction)


def _draw(svg: Path | None, states: Sequence[State]) -> None:
    if svg is None:
        return
    if not states:
        raise click.UsageError("--svg draws recordings: a document has no time")
    svg.write_text(timeline(states, words_of("en")), encoding="utf-8")


def _print_json(message: AnalysisMessage) -> None:
    click.echo(encode(message, Format.JSON))


def _print_line(message: AnalysisMessage) -> None:
    match message:
        case State():
            click.echo(line(message))
        case Page():
            said = verdict(message.fused, message.abstain)
            click.echo(
                f"page {message.number:4} of {message.pages}  {said:<16} {message.lines} lines"
            )
        case Event(help_lines=list(lines)):
            for each in lines:
                reached = ", ".join(way for way in (each.phone, each.url) if way)
                click.echo(f"somebody to turn to: {each.name}, {reached}: {each.about}")


def _traits(traits: Traits | UnsetType) -> Iterator[str]:
    """Yield what the words of a document say of its author's traits, which is little."""
    if traits is UNSET:
        return
    if traits.scores is None:
        yield f"traits: {traits.words} words are too few"
        return
    yield f"traits, a guess from {traits.words} words (docs/explanation/traits.md):"
    for name, each in traits.scores.items():
        yield f"  {name:<18} {each.score:4.0%}  ({each.low:.0%} to {each.high:.0%})"


def _sentence(summary: AnalysisSummary, cost: Cost) -> str:
    """Return the last lines for people."""
    counts = ", ".join(
        [
            *(f"{label} {count}" for label, count in summary.labels.items()),
            *(f"({reason}) {count}" for reason, count in summary.abstained.items()),
        ]
    )
    if summary.pages:
        return "\n".join([*_traits(summary.traits), f"{summary.pages} pages: {counts}"])
    rests = ", ".join(f"{name} {share:.0%}" for name, share in summary.coverage.items() if share)
    heard = f"{summary.blinks} blinks, {summary.speech_ms / 1000:.1f} s of speech"
    damage = f", {summary.damaged} damaged packets" if summary.damaged else ""
    length = summary.duration_ms / 1000
    return (
        f"{summary.states} states: {counts}\n"
        f"evidence of {rests or 'nothing'}; {heard}{damage}\n"
        f"{length:.1f} s in {cost.wall:.2f} s, {cost.processor:.2f} s of processor"
    )
