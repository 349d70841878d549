"""``esapr bench``: measure ratios, each side by side in one run."""

import asyncio
import os
from collections.abc import AsyncIterator, Callable, Coroutine
from dataclasses import asdict
from pathlib import Path
from typing import Any, ParamSpec, TypeVar

import click

from esapr import models_onnx
from esapr.cli import bench_output as output
from esapr.cli.bench_fusion import fusion
from esapr.cli.counts import ascending
from esapr.inference.cards import ModelError
from esapr.load_tests.bench import lines as lines_bench
from esapr.load_tests.bench import peers as peers_bench
from esapr.load_tests.bench import room as room_bench
from esapr.load_tests.bench import session as session_bench
from esapr.load_tests.bench import throughput
from esapr.load_tests.bench.curve import curve
from esapr.load_tests.bench.environments import RIVALS
from esapr.load_tests.bench.raw import loads
from esapr.load_tests.bench.roofline import under_roof
from esapr.load_tests.bench.scale import Step, climb
from esapr.load_tests.server_process import ServerProcessError
from esapr.protocol import limits
from esapr.protocol.rooms import Role

P = ParamSpec("P")
T = TypeVar("T")

GPU_BATCHES = tuple(2**power for power in range(9))
STEPS = (1, 2, 4, 6, 8, 10, 12, 14, 16, 20, 24, 28, 32)

as_json_option = click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
repetitions_option = click.option(
    "--repetitions", type=click.IntRange(min=1), default=3, help="How often the sides take turns."
)

plain_option = click.option(
    "--plain", is_flag=True, help="Senders ignore what the answer asks for."
)


def seconds_option(default: float) -> Callable[[Callable[P, T]], Callable[P, T]]:
    """Return the option of how long a side is measured."""
    return click.option(
        "--seconds",
        type=click.FloatRange(min=0.1),
        default=default,
        help=f"Seconds a side a repetition (default {default:g}).",
    )


@click.group()
def bench() -> None:
    """Measure what the project promises; let nothing else run meanwhile."""


@bench.command()
@click.option(
    "--model",
    "names",
    multiple=True,
    type=click.Choice(sorted(models_onnx.folders())),
    help="Only this one; may be repeated (default: all).",
)
@click.option("--sessions", type=click.IntRange(min=1), default=64, help="Sessions that ask.")
@click.option("--threads", type=click.IntRange(min=0), default=0, help="0 takes one a core.")
@click.option(
    "--provider", type=click.Choice(["cpu", "cuda", "tensorrt"]), default="cpu", help="Device."
)
@seconds_option(2.0)
@repetitions_option
@as_json_option
def inference(
    *,
    names: tuple[str, ...],
    sessions: int,
    threads: int,
    provider: str,
    seconds: float,
    repetitions: int,
    as_json: bool,
) -> None:
    """Compare each model behind its scorer with the bare model, on the same threads."""
    settings = throughput.Settings(
        sessions=sessions,
        seconds=seconds,
        repetitions=repetitions,
        threads=threads or os.cpu_count() or 1 if provider == "cpu" else 1,
        sizes=None if provider == "cpu" else GPU_BATCHES,
    )
    try:
        models = loads(names, provider)
    except ModelError as error:
        raise click.ClickException(str(error)) from None
    found = throughput.measure(models, settings, lambda name: _progress(f"{name}: measured"))
    roofline = under_roof(
        models, {name: figures.raw_batch for name, figures in found.items()}, seconds
    )
    if as_json:
        output.print_json(output.inference_json(found, roofline))
    else:
        output.show_inference(found)
        output.show_roofline(roofline)


@bench.command()
@click.option("--sessions", type=click.IntRange(min=2), default=6, help="Sessions at a time.")
@plain_option
@seconds_option(15.0)
@repetitions_option
@as_json_option
def session(*, sessions: int, plain: bool, seconds: float, repetitions: int, as_json: bool) -> None:
    """Compare the cost of a session with its floor: bare ingest and bare models."""
    report = _run(session_bench.run(sessions, seconds, repetitions, plain=plain))
    if as_json:
        output.print_json(output.session_json(report))
    else:
        output.show_session(report)


@bench.command()
@click.option(
    "--rival",
    "names",
    multiple=True,
    type=click.Choice([rival.name for rival in RIVALS]),
    help="Only this one; may be repeated (default: all).",
)
@click.option("--frames", type=click.IntRange(min=1), default=60, help="Pictures of the clip.")
@click.option(
    "--data",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    envvar="ESAPR_DATA",
    help="Folder of the data sets; without it no accuracy is measured.",
)
@click.option(
    "--environments",
    type=click.Path(file_okay=False, path_type=Path),
    default=Path("~/.cache/esapr/rivals"),
    help="Where the other systems are installed; may be deleted at any time.",
)
@repetitions_option
@as_json_option
def peers(
    *,
    names: tuple[str, ...],
    frames: int,
    data: Path | None,
    environments: Path,
    repetitions: int,
    as_json: bool,
) -> None:
    """Compare our face pipeline on one core with other systems, which are installed first."""
    faces, no_accuracy = _faces(data)
    report = _run(
        peers_bench.run(
            [rival for rival in RIVALS if not names or rival.name in names],
            environments.expanduser(),
            frames=frames,
            repetitions=repetitions,
            faces=faces,
            say=_progress,
        )
    )
    if as_json:
        output.print_json(output.peers_json(report, no_accuracy))
    else:
        output.show_peers(report, no_accuracy)


@bench.command()
@click.option(
    "--steps",
    type=ascending,
    default=",".join(map(str, STEPS)),
    help="Sessions of each step, such as 1,2,4.",
)
@click.option(
    "--svg", type=click.Path(dir_okay=False, path_type=Path), help="Write the curve there."
)
@plain_option
@click.option("--voice-only", is_flag=True, help="Senders have no camera.")
@click.option(
    "--processes", type=click.IntRange(1, 256), default=1, help="Gateways that share the port."
)
@seconds_option(15.0)
@as_json_option
def scale(
    *,
    steps: list[int],
    svg: Path | None,
    plain: bool,
    voice_only: bool,
    processes: int,
    seconds: float,
    as_json: bool,
) -> None:
    """Raise the number of sessions until one does not get its states."""
    climbing = climb(steps, seconds, plain=plain, voice_only=voice_only, processes=processes)
    found = _run(_climb(climbing))
    if svg is not None:
        note = f"server and load peers on one machine of {os.cpu_count()} cores"
        svg.write_text(curve(found, note), encoding="utf-8")
    if as_json:
        output.print_json(output.scale_json(found))
    else:
        output.show_scale(found)


@bench.command()
@click.option("--participants", type=click.IntRange(min=1), default=3, help="People in the room.")
@click.option("--subscribers", type=click.IntRange(min=1), default=1000, help="Its audience.")
@click.option(
    "--role",
    type=click.Choice(["clinician", "supervisor"]),
    default="clinician",
    help="What the audience is: clinicians get states, supervisors trends.",
)
@seconds_option(15.0)
@as_json_option
def room(*, participants: int, subscribers: int, role: Role, seconds: float, as_json: bool) -> None:
    """Measure the delivery of states to a large audience, and what it costs the participants."""
    report = _run(room_bench.run(participants, subscribers, role, seconds))
    if as_json:
        output.print_json(asdict(report))
    else:
        output.show_room(report)


@bench.command()
@click.option("--sessions", type=click.IntRange(min=1), default=100, help="People who write.")
@click.option("--lines", type=click.IntRange(min=1), default=100, help="Lines of each.")
@click.option(
    "--rate",
    type=click.FloatRange(0.1, limits.TEXT_PER_SECOND),
    default=1.0,
    help="Lines a second of each (default 1).",
)
@as_json_option
def lines(*, sessions: int, lines: int, rate: float, as_json: bool) -> None:
    """Let many sessions write at a time; exit 1 if a line was dropped, refused or lost."""
    report = _run(lines_bench.run(sessions, lines, rate))
    if as_json:
        output.print_json({**asdict(report), "lost": report.lost})
    else:
        output.show_lines(report)
    if report.scored < report.sent:
        raise click.exceptions.Exit(1)


bench.add_command(fusion)


async def _climb(steps: AsyncIterator[Step]) -> list[Step]:
    found = []
    async for step in steps:
        found.append(step)
        _progress(f"{step.sessions} sessions: {step.server_cores:.2f} cores")
    return found


def _faces(data: Path | None) -> tuple[peers_bench.Faces | None, str | None]:
    """Return the test faces, or why there are none."""
    if data is None:
        return None, "neither --data nor ESAPR_DATA names the data sets"
    try:
        return peers_bench.read_private_test(data), None
    except OSError as error:
        return None, str(error)


def _run(measuring: Coroutine[Any, Any, T]) -> T:
    try:
        return asyncio.run(measuring)
    except (ModelError, ServerProcessError, TimeoutError) as error:
        raise click.ClickException(str(error) or "the server did not get ready") from error


def _progress(text: str) -> None:
    click.echo(text, err=True)
