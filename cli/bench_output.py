"""How the results of ``esapr bench`` are printed: a table with verdicts, or one JSON object."""

import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from math import inf
from typing import Any

import click
from rich.console import Console
from rich.table import Table

from esapr.load_tests.bench import lines, peers, room, session, throughput
from esapr.load_tests.bench.roofline import Roofline
from esapr.load_tests.bench.scale import Step


def print_json(values: Mapping[str, Any]) -> None:
    """Print ``values`` and what they were measured on."""
    machine = {"cores": os.cpu_count(), "load_average_1m": os.getloadavg()[0]}
    click.echo(json.dumps({**values, "machine": machine}))


def inference_json(found: Mapping[str, throughput.Figures], roofline: Roofline) -> dict[str, Any]:
    """Return the keys of ``bench inference``."""
    models = {
        name: {**asdict(figures), "roofline": asdict(roofline.points[name])}
        for name, figures in found.items()
    }
    return {
        "models": models,
        "min_ratio": lowest_ratio(found),
        "peak_gflop_s": roofline.peaks.operations_s / 1e9,
        "peak_gbyte_s": roofline.peaks.bytes_s / 1e9,
        "sessions_a_device": roofline.sessions,
    }


def lowest_ratio(found: Mapping[str, throughput.Figures]) -> float:
    """Return the ratio of the model that loses most."""
    return min(figures.ratio for figures in found.values())


def show_inference(found: Mapping[str, throughput.Figures]) -> None:
    """Print the table of ``bench inference``."""
    table = Table(
        *("model", "bare /s", "batch", "scorer /s", "batch", "ratio", "noise"),
        *("added p95, ms", "limit, ms", "dropped"),
    )
    for name, figures in found.items():
        table.add_row(
            name,
            f"{figures.raw_items_s:.0f}",
            f"{figures.raw_batch}",
            f"{figures.scorer_items_s:.0f}",
            f"{figures.scorer_batch:.1f}",
            f"{figures.ratio:.3f}",
            f"{figures.noise:.0%}",
            _ms(figures.added_latency_p95_ms),
            _ms(figures.added_latency_limit_ms),
            f"{figures.dropped}",
        )
    _show(table, _verdict("lowest ratio", lowest_ratio(found), throughput.TARGET, at_least=True))


def show_roofline(roofline: Roofline) -> None:
    """Print the second table of ``bench inference``."""
    table = Table("model", "FLOP/byte", "GFLOP/s", "roof", "share", "sessions, alone")
    for name, point in roofline.points.items():
        table.add_row(
            name,
            f"{point.intensity:.1f}",
            f"{point.gflop_s:.1f}",
            f"{point.roof_gflop_s:.1f}",
            f"{point.share:.0%}",
            f"{point.sessions:.0f}",
        )
    peaks = roofline.peaks
    _show(
        table,
        f"peaks: {peaks.operations_s / 1e9:.0f} GFLOP/s, {peaks.bytes_s / 1e9:.0f} GB/s, float32",
        f"sessions that one core, or one GPU, feeds with all models: {roofline.sessions:.0f}",
    )


def session_json(report: session.SessionReport) -> dict[str, Any]:
    """Return the keys of ``bench session``."""
    return {
        "server_cpu_pct": report.server_cpu_pct,
        "floor_cpu_pct": report.floor_cpu_pct,
        "ratio": report.ratio.median,
        "noise": report.ratio.noise,
        "rss_mb_per_session": report.rss_mb_per_session,
        "sessions": report.sessions,
        "parts_pct": report.parts_pct,
    }


def show_session(report: session.SessionReport) -> None:
    """Print the table of ``bench session``: where a session's processor time goes."""
    table = Table("part of a session", "% of a core")
    for name, share in report.parts_pct.items():
        table.add_row(name, f"{share:.2f}")
    table.add_section()
    table.add_row("floor: ingest and models", f"{report.floor_cpu_pct:.2f}")
    table.add_row("server", f"{report.server_cpu_pct:.2f}")
    ratio = report.ratio
    _show(
        table,
        _verdict("server / floor", ratio.median, session.TARGET_RATIO, noise=ratio.noise),
        _verdict("% of a core a session", report.server_cpu_pct, session.TARGET_CPU_PCT),
        _verdict("MB a session", report.rss_mb_per_session, session.TARGET_RSS_MB),
    )


def peers_json(report: peers.PeersReport, no_accuracy: str | None) -> dict[str, Any]:
    """Return the keys of ``bench peers``; ``no_accuracy`` says why accuracies are missing."""
    ratio = report.ratio_to_best
    ours = _score(report.ours)
    return {
        "ours_fps": ours["fps"],
        "ours": ours,
        "peers": {name: _score(score) for name, score in report.rivals.items()},
        "ratio_to_best": ratio.median if ratio else None,
        "noise": ratio.noise if ratio else None,
        "accuracy_omitted": no_accuracy,
    }


def show_peers(report: peers.PeersReport, no_accuracy: str | None) -> None:
    """Print the table of ``bench peers``."""
    table = Table("system", "frames/s", "noise", "face found", "accuracy", "remark")
    for name, score in {"ours": report.ours, **report.rivals}.items():
        table.add_row(name, *_score_cells(score))
    notes = [f"accuracy omitted: {no_accuracy}"] if no_accuracy else []
    if ratio := report.ratio_to_best:
        notes.append(
            _verdict("ours / fastest", ratio.median, peers.TARGET, at_least=True, noise=ratio.noise)
        )
    _show(table, *notes)


def scale_json(steps: Sequence[Step]) -> dict[str, Any]:
    """Return the keys of ``bench scale``."""
    return {"steps": [asdict(step) for step in steps], "saturated_at": _saturated(steps)}


def show_scale(steps: Sequence[Step]) -> None:
    """Print the table of ``bench scale``."""
    table = Table(
        *("sessions", "states/s", "p50, ms", "p95, ms", "p99, ms", "cores", "load's cores"),
        *("MB", "face batch", "lacking", "failure"),
    )
    for step in steps:
        table.add_row(
            f"{step.sessions}",
            f"{step.states_s:.1f}",
            *(_ms(value) for value in (step.p50_ms, step.p95_ms, step.p99_ms)),
            f"{step.server_cores:.2f}",
            f"{step.peers_cores:.2f}",
            f"{step.memory_mb:.0f}",
            f"{step.batch_sizes.get('face_expression', 0):.1f}",
            ", ".join(f"{count} {lack}" for lack, count in step.starved.items()),
            step.failure or "",
        )
    saturated = _saturated(steps)
    _show(table, f"saturated at {saturated} sessions" if saturated else "not saturated")


def show_room(report: room.RoomReport) -> None:
    """Print the table of ``bench room``."""
    table = Table(
        f"{report.participants} participants", "p50, ms", "p95, ms", "p99, ms", "server, cores"
    )
    for name, delay, cost in (
        ("own states, nobody watches", report.alone, report.alone_cost),
        (f"own states, {report.subscribers} watch", report.watched, report.watched_cost),
        (f"delivery to {report.subscribers}", report.delivery, report.watched_cost),
    ):
        times = (_ms(value) for value in (delay.p50, delay.p95, delay.p99))
        table.add_row(name, *times, f"{cost.server_cores:.2f}")
    _show(
        table,
        f"{report.messages_s:.0f} messages/s, {report.missed} missed, {report.closed} closed",
        _verdict("delivery p95, ms", report.delivery.p95 or inf, room.TARGET_P95_MS),
    )


def _saturated(steps: Sequence[Step]) -> int | None:
    return next((step.sessions for step in steps if step.saturated), None)


def _score(score: peers.Score) -> dict[str, Any]:
    fps = score.fps
    return {
        "fps": fps.median if fps else None,
        "accuracy": score.accuracy,
        "noise": fps.noise if fps else None,
        "found": score.found,
        "reason": score.reason,
    }


def show_lines(report: lines.LinesReport) -> None:
    """Print the table of ``bench lines``."""
    table = Table(*("sessions", "lines /s", "sent", "scored", "dropped", "refused", "lost"))
    table.add_row(
        f"{report.sessions}",
        f"{report.sent / report.seconds:.1f}",
        *map(str, (report.sent, report.scored, report.dropped, report.refused, report.lost)),
    )
    _show(
        table,
        f"server {report.server_cores:.2f} cores; 95th percentiles: "
        f"wait {_ms(report.queue_p95_ms)} ms, batch {_ms(report.infer_p95_ms)} ms",
    )


def _score_cells(score: peers.Score) -> tuple[str, ...]:
    fps = score.fps
    return (
        f"{fps.median:.1f}" if fps else "-",
        f"{fps.noise:.0%}" if fps else "-",
        f"{score.found:.0%}" if score.found is not None else "-",
        f"{score.accuracy:.1%}" if score.accuracy is not None else "-",
        score.reason or "",
    )


def _verdict(
    name: str, value: float, target: float, *, at_least: bool = False, noise: float | None = None
) -> str:
    held = value >= target if at_least else value <= target
    spread = "" if noise is None else f" (noise {noise:.0%})"
    sign = "≥" if at_least else "≤"
    return f"{name}: {value:.3g}{spread}, target {sign} {target:g}: {'held' if held else 'missed'}"


def _ms(value: float | None) -> str:
    return "-" if value is None else f"{value:.1f}"


def _show(table: Table, *notes: str) -> None:
    Console(width=140).print(table)
    for note in notes:
        click.echo(note)
