"""``esapr loadtest``: how late, how many and how right the states are under load."""

import asyncio
import json
import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, get_args

import aiohttp
import click
import msgspec

from esapr.cli.failures import told
from esapr.load_tests import PORTRAIT
from esapr.load_tests.chaos.unleash import CALM_SECONDS, in_turn
from esapr.load_tests.corpora import CorpusError
from esapr.load_tests.labelled_clip import build
from esapr.load_tests.result import FaultOutcome, Result, encode_result
from esapr.load_tests.running.crew import DriverError
from esapr.load_tests.running.ledger import Ledger
from esapr.load_tests.running.run import Target, own_server, run
from esapr.load_tests.scenario import MediaProfile, Scenario, ScenarioError
from esapr.load_tests.scenarios import open_scenario
from esapr.load_tests.server_process import ServerProcessError

PROGRESS_SECONDS = 10
"""Between two lines of progress."""

MISSED, UNUSABLE = 1, 2

_FAILURES = (DriverError, ServerProcessError, aiohttp.ClientError, OSError, TimeoutError)


@click.group(invoke_without_command=True)
@click.option(
    "--scenario",
    "name",
    default="short",
    help="A shipped scenario (short, capacity, loss5, soak) or a TOML file (default: short).",
)
@click.option("--peers", type=int, help="Sessions that stay to the end.")
@click.option("--seconds", type=float, help="How long all of them play together.")
@click.option("--ramp-seconds", type=float, help="Over which they join.")
@click.option("--processes", type=int, help="Processes of the harness.")
@click.option("--gateways", type=int, help="Processes of the server that is started.")
@click.option(
    "--clip",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="Labelled clip to play (default: the shipped portrait).",
)
@click.option("--media", type=click.Choice(get_args(MediaProfile)), help="What WebRTC peers send.")
@click.option("--text-every-seconds", type=float, help="Between two lines of chat; 0: none.")
@click.option("--subscribers", type=int, help="Further sockets that read each session's states.")
@click.option("--rooms", type=int, help="Rooms the sessions share; 0: each has its own.")
@click.option("--partners", type=int, help="Of the sessions, those that send over the WebSocket.")
@click.option("--joins-per-minute", type=float, help="Further sessions that come and go.")
@click.option("--stay-seconds", type=float, help="How long those stay on average.")
@click.option("--network", help="Network profile that media cross.")
@click.option(
    "--chaos",
    help="Faults to do one after the other, such as worker,nats; two gateways unless given.",
)
@click.option("--seed", type=int, help="Of what is left to chance.")
@click.option("--url", help="Load this running server; the default starts one.")
@click.option(
    "--key", envvar="ESAPR_KEY", help="Server key (default: ESAPR_KEY; a demo needs none)."
)
@click.option(
    "--out",
    type=click.Path(dir_okay=False, writable=True, path_type=Path),
    help="Write the whole result there, as JSON.",
)
@click.option("--json", "as_json", is_flag=True, help="Print the summary as one JSON object.")
@click.pass_context
def loadtest(
    context: click.Context,
    /,
    *,
    name: str,
    clip: Path | None,
    url: str | None,
    key: str | None,
    out: Path | None,
    as_json: bool,
    **changes: Any,
) -> None:
    """Play many sessions into a server and judge the states that come back.

    The exit status is 0 if every threshold of the scenario was kept, 1 if not, and 2 if the
    scenario cannot be played.
    """
    if context.invoked_subcommand is not None:
        return
    try:
        scenario, folder = open_scenario(name)
        scenario = _changed(scenario, changes)
        played = clip or (folder / scenario.clip if scenario.clip else PORTRAIT)
        with told(*_FAILURES):
            result = asyncio.run(_run(scenario, played, url, key))
    except ScenarioError as error:
        raise click.UsageError(str(error)) from None
    except asyncio.CancelledError:
        raise click.Abort from None
    if out is not None:
        out.write_bytes(encode_result(result))
    click.echo(json.dumps(_summary(result)) if as_json else _told(result))
    context.exit(0 if result.summary.passed else MISSED)


def _changed(scenario: Scenario, changes: dict[str, Any]) -> Scenario:
    """Return ``scenario`` with what the command line says otherwise, checked as a file is."""
    given = {name: value for name, value in changes.items() if value is not None}
    fields: dict[str, Any] = msgspec.to_builtins(scenario)
    if "chaos" in given:
        given = _broken({"gateways": max(2, scenario.gateways), **given}, scenario)
    churn = {
        "joins_per_minute": given.pop("joins_per_minute", None),
        "mean_stay_seconds": given.pop("stay_seconds", None),
    }
    asked = {name: value for name, value in churn.items() if value is not None}
    if asked:
        fields["churn"] = {**(fields["churn"] or {}), **asked}
    try:
        return msgspec.convert({**fields, **given}, Scenario)
    except msgspec.ValidationError as error:
        raise ScenarioError(str(error)) from error


def _broken(given: dict[str, Any], scenario: Scenario) -> dict[str, Any]:
    """Return what the command line says, with its faults one after the other in time for them."""
    ramp = given.get("ramp_seconds", scenario.ramp_seconds)
    faults = in_turn(given["chaos"].split(","), ramp)
    needed = faults[-1].at_seconds + CALM_SECONDS - ramp
    return {"seconds": needed, **given, "chaos": msgspec.to_builtins(faults)}


@loadtest.command("build-media")
@click.option(
    "--data",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    envvar="ESAPR_DATA",
    required=True,
    help="Folder of the data sets (default: ESAPR_DATA).",
)
@click.option("--seed", type=int, default=0, help="Of what is left to chance.")
@click.argument("out", type=click.Path(dir_okay=False, writable=True, path_type=Path))
def build_media(data: Path, seed: int, out: Path) -> None:
    """Compose a labelled clip, OUT.webm, and its labels, OUT.toml, for --clip.

    It holds other people's faces and voices: keep it to yourself.
    """
    if out.suffix != ".webm":
        raise click.BadParameter("the name of a clip ends in .webm", param_hint="OUT")
    with told(CorpusError, OSError):
        labels = build(data, out, seed)
    click.echo(f"{out}: {labels.spans[-1].end:g} s, {len(labels.spans)} changes of label")


async def _run(scenario: Scenario, clip: Path, url: str | None, key: str | None) -> Result:
    this = asyncio.current_task()
    assert this is not None
    # As Ctrl-C does, it ends whatever was started, and mends what a fault has broken.
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, this.cancel)
    async with _target(scenario, url, key) as target:
        click.echo(f"{scenario.name}: {scenario.ends_at:g} s against {target.url}", err=True)
        return await run(scenario, clip, target, _progress)


@asynccontextmanager
async def _target(scenario: Scenario, url: str | None, key: str | None) -> AsyncIterator[Target]:
    if url is not None:
        yield Target(url, key)
        return
    click.echo("Starting a server; the models warm up.", err=True)
    async with own_server(scenario) as target:
        yield target


def _progress(ledger: Ledger, now: float) -> None:
    if round(now) % PROGRESS_SECONDS == 0:
        totals = ledger.totals(now - 1)
        click.echo(
            f"{now:5.0f} s  {ledger.present(now)} sessions, "
            f"{totals.received} of {totals.due} states, p95 {_ms(totals.p95_ms)}",
            err=True,
        )


def _summary(result: Result) -> dict[str, Any]:
    """Return what ``--json`` prints."""
    return {
        **msgspec.to_builtins(result.summary),
        "faults": msgspec.to_builtins(result.faults),
        "misses": msgspec.to_builtins(result.misses),
        "failures": result.failures,
    }


def _told(result: Result) -> str:
    """Return the summary for people."""
    summary = result.summary
    lines = [
        f"{summary.states_received} of {summary.states_due} due states from {summary.peers} "
        f"sessions ({_share(summary.due_share)}), {summary.lost_sessions} sessions lost, "
        f"{summary.reconnects} reconnects",
        f"capture to state: p50 {_ms(summary.p50_ms)}, p95 {_ms(summary.p95_ms)}, "
        f"p99 {_ms(summary.p99_ms)}",
        f"accuracy {_share(summary.accuracy)} of {summary.states_judged} judged states, "
        f"coverage {_share(summary.coverage)}",
        f"harness: {summary.harness_cores:.2f} cores",
        *(
            f"{session.name} was lost: {session.lost}"
            for session in result.sessions
            if session.lost
        ),
        *(_cost(fault) for fault in result.faults),
        *result.failures,
        *(
            f"missed: {miss.threshold} {miss.measured} (wanted {miss.wanted:g})"
            for miss in result.misses
        ),
        "passed" if summary.passed else "not passed",
    ]
    return "\n".join(lines)


def _cost(fault: FaultOutcome) -> str:
    return (
        f"{fault.kind} at {fault.at_seconds:.0f} s: {fault.sessions_lost} sessions and "
        f"{fault.states_lost} states lost, cadence after {_s(fault.cadence_seconds)}, "
        f"feeds back after {_s(fault.resumed_seconds)} ({fault.note})"
    )


def _s(value: float | None) -> str:
    return "never" if value is None else f"{value:.1f} s"


def _ms(value: float | None) -> str:
    return "-" if value is None else f"{value:.0f} ms"


def _share(value: float | None) -> str:
    return "-" if value is None else f"{value:.1%}"
