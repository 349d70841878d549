"""``esapr models``: what is installed, and whether it is intact."""

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

import click
from rich.console import Console
from rich.table import Table

from esapr import models_onnx
from esapr.inference.cards import ModelCard, ModelError
from esapr.inference.models import Model
from esapr.models_onnx.evaluation import (
    essays,
    face_expression,
    text_expression,
    text_language,
    text_personality,
    voice_expression,
)
from esapr.models_onnx.evaluation.tables import ReaderMissingError

_FIGURES = (
    ("accuracy", "accuracy"),
    ("uar", "UAR"),
    ("macro_f1", "macro-F1"),
    ("ece_15_bins", "ECE"),
)


def _face_expression(data: Path, robustness: bool) -> dict[str, Any]:
    model = Model(ModelCard.read(models_onnx.folders()["face_expression"]))
    answer: dict[str, Any] = asdict(face_expression.evaluate(model, data))
    if robustness:
        answer["robustness"] = face_expression.robustness(model, data)
    return answer


def _voice_expression(data: Path, robustness: bool) -> dict[str, Any]:
    model = Model(ModelCard.read(models_onnx.folders()["voice_expression"]))
    return voice_expression.evaluate(model, data, robustness=robustness)


def _text_expression(data: Path, robustness: bool) -> dict[str, Any]:
    _not_for_text(robustness)
    model = Model(ModelCard.read(models_onnx.folders()["text_expression"]))
    return asdict(text_expression.evaluate(model, data))


def _text_language(data: Path, robustness: bool) -> dict[str, Any]:
    _not_for_text(robustness)
    return asdict(text_language.evaluate(data))


def _text_personality(data: Path, robustness: bool) -> dict[str, Any]:
    _not_for_text(robustness)
    model = Model(ModelCard.read(models_onnx.folders()["text_personality"]))
    return text_personality.evaluate(model, essays.read(data))


def _not_for_text(robustness: bool) -> None:
    if robustness:
        raise click.UsageError("--robustness spoils pictures and sound")


_EVALUATIONS: dict[str, Callable[[Path, bool], dict[str, Any]]] = {
    "face-expression": _face_expression,
    "voice-expression": _voice_expression,
    "text-expression": _text_expression,
    "text-language": _text_language,
    "text-personality": _text_personality,
}


@click.group()
def models() -> None:
    """Look at the installed models."""


@models.command("list")
def list_models() -> None:
    """List every installed model with its task, size, test set and licence."""
    table = Table("model", "version", "task", "MB", "measured", "licence")
    for folder in models_onnx.folders().values():
        card = ModelCard.read(folder)
        size = card.path.stat().st_size / 1e6
        table.add_row(
            card.name, card.version, card.task, f"{size:.1f}", _figures(card.metrics), card.licence
        )
    Console(width=160).print(table)


@models.command()
def verify() -> None:
    """Check hashes, shapes and parity of every installed model; exit 1 if one fails."""
    failed = 0
    for name, folder in models_onnx.folders().items():
        try:
            card = ModelCard.read(folder)
            difference = Model(card).verify()
        except ModelError as error:
            failed += 1
            click.echo(f"FAIL  {name}: {error}")
        else:
            tolerance = card.parity_tolerance
            click.echo(f"ok    {name}: max difference {difference:.1e} (tolerance {tolerance:.0e})")
    if failed:
        raise click.exceptions.Exit(1)


@models.command()
@click.argument("name", type=click.Choice(list(_EVALUATIONS)))
@click.option(
    "--data",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    required=True,
    help="Folder of the model's test set.",
)
@click.option("--robustness", is_flag=True, help="Also spoil what is scored, and score again.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def evaluate(name: str, data: Path, robustness: bool, as_json: bool) -> None:
    """Measure an installed model on its test set; exit 2 if the set cannot be read."""
    try:
        answer = _EVALUATIONS[name](data, robustness)
    except OSError as error:
        raise click.UsageError(f"--data: {error}") from error
    except ReaderMissingError as error:
        raise click.ClickException(str(error)) from error
    if as_json:
        click.echo(json.dumps(answer))
        return
    table = Table("figure", "value")
    for key, value in _flat(answer):
        table.add_row(key, f"{value:.4g}" if isinstance(value, float) else str(value))
    Console().print(table)


def _flat(answer: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, Any]]:
    """Yield every figure with the names that lead to it."""
    for key, value in answer.items():
        if isinstance(value, Mapping):
            yield from _flat(value, f"{prefix}{key}.")
        else:
            yield prefix + key, value


def _figures(metrics: Mapping[str, Any]) -> str:
    """Return the first test set on the card that has a figure, with its figures."""
    for test_set, table in metrics.items():
        measured = table if isinstance(table, Mapping) else {}
        figures = [f"{name} {measured[key]:.3f}" for key, name in _FIGURES if key in measured]
        if figures:
            return f"{test_set}: {', '.join(figures)}"
    return ""
