"""``esapr loadtest``: how late, how many and how right the states are under load."""

import json
from pathlib import Path
from typing import Any, get_args

import click
import msgspec
from rich.console import Console

from esapr.cli.failures import told
from esapr.cli.loadtest_results import compare, curve, draw
from esapr.cli.playing import play
from esapr.load_tests import PORTRAIT
from esapr.load_tests.chaos.unleash import CALM_SECONDS, in_turn
from esapr.load_tests.corpora import CorpusError
from esapr.load_tests.labelled_clip import build
from esapr.load_tests.reports.html import html
from esapr.load_tests.reports.terminal import show_result
from esapr.load_tests.result import Result, encode_result
from esapr.load_tests.scenario import MediaProfile, Scenario, ScenarioError, changed
from esapr.load_tests.scenarios import open_scenario

MISSED = 1


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
    "--metrics",
    multiple=True,
    help="Address of a gateway's /metrics; once for each of several (default: at the URL).",
)
@click.option(
    "--out",
    type=click.Path(dir_okay=False, writable=True, path_type=Path),
    help="Write the whole result there, as JSON.",
)
@click.option(
    "--html",
    "page",
    type=click.Path(dir_okay=False, writable=True, path_type=Path),
    help="Write a page about it there.",
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
    metrics: tuple[str, ...],
    out: Path | None,
    page: Path | None,
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
        result = play(scenario, played, url=url, key=key, metrics=metrics)
    except ScenarioError as error:
        raise click.UsageError(str(error)) from None
    if out is not None:
        out.write_bytes(encode_result(result))
    if page is not None:
        page.write_text(html(result), encoding="utf-8")
    if as_json:
        click.echo(json.dumps(_summary(result)))
    else:
        show_result(result, Console())
    context.exit(0 if result.summary.passed else MISSED)


def _changed(scenario: Scenario, changes: dict[str, Any]) -> Scenario:
    """Return ``scenario`` with what the command line says otherwise."""
    given = {name: value for name, value in changes.items() if value is not None}
    if "chaos" in given:
        given = _broken({"gateways": max(2, scenario.gateways), **given}, scenario)
    churn = {
        "joins_per_minute": given.pop("joins_per_minute", None),
        "mean_stay_seconds": given.pop("stay_seconds", None),
    }
    asked = {name: value for name, value in churn.items() if value is not None}
    if asked:
        given["churn"] = {**(msgspec.to_builtins(scenario.churn) or {}), **asked}
    return changed(scenario, given)


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


def _summary(result: Result) -> dict[str, Any]:
    """Return what ``--json`` prints."""
    return {
        **msgspec.to_builtins(result.summary),
        "faults": msgspec.to_builtins(result.faults),
        "misses": msgspec.to_builtins(result.misses),
        "failures": result.failures,
    }


loadtest.add_command(compare)
loadtest.add_command(curve)
loadtest.add_command(draw)
