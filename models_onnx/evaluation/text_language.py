"""How many lines of English :mod:`esapr.inference.text.language` refuses, and of others finds."""

import time
import tomllib
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path

from esapr.inference.text.language import LanguageCheck
from esapr.models_onnx import LANGUAGES
from esapr.models_onnx.evaluation.text_corpora import english_lines


@dataclass(frozen=True, slots=True)
class Figures:
    """Shares of lines that are called foreign.

    ``english_refused`` of the test splits of GoEmotions and XED, ``others_found`` of chat in
    seventeen languages, ``found_by_language``. ``ms_per_item`` is processor time of one thread.
    """

    model: str
    english_lines: int
    english_refused: float
    other_lines: int
    others_found: float
    found_by_language: dict[str, float]
    ms_per_item: float


def evaluate(folder: Path) -> Figures:
    """Measure the shipped network with the English data sets in ``folder``.

    Raises:
        OSError: a data set is not there.
        ReaderMissingError: there is no pyarrow.
    """
    return measured(english_lines(folder, "test"), other_lines("measuring"))


def measured(english: Sequence[str], others: dict[str, list[str]]) -> Figures:
    """Measure with these lines, the others by language."""
    check = LanguageCheck(LANGUAGES)
    started = time.thread_time()
    refused = sum(map(check.foreign, english))
    spent = time.thread_time() - started
    found = {code: sum(map(check.foreign, lines)) for code, lines in others.items()}
    count = sum(map(len, others.values()))
    return Figures(
        model=LANGUAGES.name,
        english_lines=len(english),
        english_refused=refused / len(english),
        other_lines=count,
        others_found=sum(found.values()) / count,
        found_by_language={code: found[code] / len(lines) for code, lines in others.items()},
        ms_per_item=round(spent / len(english) * 1000, 3),
    )


def other_lines(part: str) -> dict[str, list[str]]:
    """Return the lines by language that numbers were chosen with, or are ``measuring``."""
    text = files(__package__).joinpath("other_languages.toml").read_text("utf-8")
    parts: dict[str, dict[str, list[str]]] = tomllib.loads(text)
    return parts[part]
