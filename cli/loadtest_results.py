"""What is made of load tests that have been run: pages, comparisons, curves."""

import json
from collections.abc import Sequence
from pathlib import Path

import click
from rich.console import Console
from rich.table import Table

from esapr.cli.counts import ascending
from esapr.cli.playing import play
from esapr.load_tests import PORTRAIT
from esapr.load_tests.reports.compare import Comparison, IncomparableError, comparison_json
from esapr.load_tests.reports.compare import compare as compare_runs
from esapr.load_tests.reports.comparison_page import HEAD, cells, comparison_html
from esapr.load_tests.reports.curve_page import (
    climb,
    curve_drawing,
    curve_html,
    curve_json,
    most_sessions,
    rows,
)
from esapr.load_tests.reports.html import drawing, html
from esapr.load_tests.result import Result, ResultError, decode_result
from esapr.load_tests.scenario import Scenario, ScenarioError, changed
from esapr.load_tests.scenarios import open_scenario

_FILE = click.Path(exists=True, path_type=Path)
_OUT = click.Path(dir_okay=False, writable=True, path_type=Path)
_page_option = click.option("--html", "page", type=_OUT, help="Write a page about it there.")
_svg_option = click.option("--svg", "picture", type=_OUT, help="Write its two main charts there.")


@click.command()
@click.argument("run", type=_FILE)
@_page_option
@_svg_option
@click.option("--beside", type=_FILE, help="Another run, to compare rightness with: a clean one.")
def draw(*, run: Path, page: Path | None, picture: Path | None, beside: Path | None) -> None:
    """Draw RUN, a file of ``esapr loadtest --out``."""
    result = _read(run)
    if page is not None:
        page.write_text(html(result, _read(beside) if beside else None), encoding="utf-8")
    if picture is not None:
        picture.write_text(drawing(result), encoding="utf-8")


@click.command()
@click.argument("a", type=_FILE)
@click.argument("b", type=_FILE)
@_page_option
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def compare(*, a: Path, b: Path, page: Path | None, as_json: bool) -> None:
    """Compare the runs of two sides: each a file of ``esapr loadtest --out``, or a folder of them.

    With one run a side nobody knows how far runs of the same thing lie apart: take several.
    """
    try:
        comparison = compare_runs(_side(a), _side(b))
    except IncomparableError as error:
        raise click.ClickException(str(error)) from None
    if page is not None:
        page.write_text(comparison_html(comparison), encoding="utf-8")
    if as_json:
        click.echo(json.dumps(comparison_json(comparison)))
    else:
        _show(comparison)


@click.command()
@click.option("--scenario", "name", default="capacity", help="As of esapr loadtest.")
@click.option(
    "--steps", type=ascending, default="4,8,12,16", help="Sessions of each step, such as 4,8,16."
)
@click.option("--seconds", type=float, help="How long the sessions of a step play together.")
@click.option("--url", help="Load this running server; the default starts one a step.")
@click.option("--key", envvar="ESAPR_KEY", help="Server key (default: ESAPR_KEY).")
@click.option("--metrics", multiple=True, help="As of esapr loadtest.")
@_page_option
@_svg_option
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def curve(
    *,
    name: str,
    steps: list[int],
    seconds: float | None,
    url: str | None,
    key: str | None,
    metrics: tuple[str, ...],
    page: Path | None,
    picture: Path | None,
    as_json: bool,
) -> None:
    """Play a scenario with more and more sessions, until a step misses a threshold."""
    try:
        scenario, folder = open_scenario(name)
        clip = folder / scenario.clip if scenario.clip else PORTRAIT
        if seconds is not None:
            scenario = changed(scenario, {"seconds": seconds})

        def once(step: Scenario) -> Result:
            return play(step, clip, url=url, key=key, metrics=metrics)

        found = climb(scenario, steps, once)
    except ScenarioError as error:
        raise click.UsageError(str(error)) from None
    if page is not None:
        page.write_text(curve_html(found), encoding="utf-8")
    if picture is not None:
        picture.write_text(curve_drawing(found), encoding="utf-8")
    if as_json:
        click.echo(json.dumps(curve_json(found)))
        return
    head, body = rows(found)
    table = Table(*head)
    for row in body:
        table.add_row(*row)
    Console().print(table)
    click.echo(f"most sessions that keep the thresholds: {most_sessions(found) or 'none'}")


def _read(path: Path) -> Result:
    try:
        return decode_result(path.read_bytes())
    except (OSError, ResultError) as error:
        raise click.ClickException(f"{path}: {error}") from error


def _side(path: Path) -> Sequence[Result]:
    files = sorted(path.glob("*.json")) if path.is_dir() else [path]
    if not files:
        raise click.ClickException(f"{path}: holds no .json file")
    return [_read(file) for file in files]


def _show(comparison: Comparison) -> None:
    console = Console()
    table = Table(*HEAD)
    for compared in comparison.figures:
        table.add_row(*cells(compared))
    console.print(table)
    for each in comparison.differences:
        click.echo(f"They differ in {each}.")
    click.echo(comparison.note)
