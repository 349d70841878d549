"""``esapr bench fusion``: what the fused states are worth beside those of each modality."""

import json
from pathlib import Path

import click
from rich.console import Console
from rich.table import Table

from esapr.inference.fusion import FusionConfig
from esapr.load_tests.reports import plot
from esapr.load_tests.reports.plot import Chart, Line
from esapr.models_onnx.evaluation.fusion_bench import (
    STREAM_SECONDS,
    STREAMS,
    Figures,
    Report,
    as_json,
    bench,
)

GAIN, FLICKER, DELAY, ECE, LOSS = 8.0, 1.3, 2.0, 0.05, 1.0
"""Targets: points of accuracy, a ratio, seconds, an error, and points again."""


@click.command()
@click.option("--streams", type=click.IntRange(min=1), default=STREAMS, help="How many.")
@click.option(
    "--seconds", type=click.FloatRange(min=30), default=STREAM_SECONDS, help="Length of each."
)
@click.option(
    "--svg",
    type=click.Path(dir_okay=False, writable=True, path_type=Path),
    help="Draw accuracy over coverage there.",
)
@click.option("--json", "json_wanted", is_flag=True, help="Print one JSON object.")
def fusion(*, streams: int, seconds: float, svg: Path | None, json_wanted: bool) -> None:
    """Measure the fusion on streams composed of test faces, unheard voices and test lines.

    Nothing is timed: the same command prints the same figures on any machine.
    """
    report = bench(FusionConfig(), streams=streams, seconds=seconds)
    if svg is not None:
        svg.write_text(_drawn(report), encoding="utf-8")
    if json_wanted:
        click.echo(json.dumps(as_json(report)))
        return
    _show(report)


def _show(report: Report) -> None:
    names = ("accuracy", "macro-F1", "ECE", "Brier", "flicker", "delay", "p90", "found", "coverage")
    table = Table("", *names)
    for name, row in report.rows.items():
        table.add_row(name, *_cells(row))
    table.add_section()
    for name, row in report.without.items():
        table.add_row(f"without {name}", *_cells(row))
    console = Console(width=110)
    console.print(table)
    console.print(f"{report.seconds} seconds, {report.changes} changes")
    fused = report.rows["fused"]
    console.print(_verdict("points over the best modality", report.gain_points, GAIN, least=True))
    same = f"{report.gain_same_points:.3g}"
    console.print(f"points over it in the very seconds in which it names one: {same}")
    console.print(_verdict("label changes over true ones", fused.flicker_ratio, FLICKER))
    console.print(_verdict("median delay, s", fused.delay_median_s, DELAY))
    console.print(_verdict("calibration error", fused.ece, ECE))
    console.print(_verdict("points behind the best of the rest", report.loss_points, LOSS))


def _drawn(report: Report) -> str:
    lines = [Line(name, points) for name, points in report.curves.items()]
    chart = Chart("share of states that are right", "share of states that name one", lines, top=1.0)
    return plot.svg([chart], f"{report.seconds} seconds of composed streams")


def _verdict(what: str, value: float, target: float, *, least: bool = False) -> str:
    met = value >= target if least else value <= target
    sign = "≥" if least else "≤"
    return f"{what}: {value:.3g}, target {sign} {target:g}: {'met' if met else 'missed'}"


def _cells(row: Figures) -> list[str]:
    shares = [f"{each:.3f}" for each in (row.accuracy, row.macro_f1, row.ece, row.brier)]
    delays = [f"{each:.1f} s" for each in (row.delay_median_s, row.delay_p90_s)]
    found = [f"{each:.0%}" for each in (row.detected, row.coverage)]
    return [*shares, f"{row.flicker_ratio:.2f}", *delays, *found]
