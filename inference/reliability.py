"""How much each modality's evidence counts: what was learned, as it is stored.

The file is TOML: ``version``, a table a modality and a table ``state``. The shipped one,
``fusion.toml``, is what ``esapr.models_onnx.training.fusion.learn`` found; a deployment may bring
its own.
"""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, fields
from functools import cache
from importlib.resources import files
from typing import Any

import numpy as np
from numpy.typing import NDArray

from esapr.inference.emotions import Scores
from esapr.inference.signals import Modality

LEAST = 1e-4
"""Floor of a probability before its logarithm: one zero does not veto a class."""

_RANGES = {
    "weight": (0.0, 10.0),
    "coverage_power": (0.0, 10.0),
    "half_life": (0.01, 3600.0),
    "horizon": (0.01, 3600.0),
    "transition_rate": (0.0, 10.0),
    "evidence_rate": (0.0, 10.0),
    "min_confidence": (0.0, 1.0),
    "eased": (0.0, 1.0),
    "raised": (0.0, 1.0),
    "gone": (0.0, 1.0),
}


class FusionFileError(ValueError):
    """A fusion file is malformed; the message names the field."""


def evidence(probs: Scores) -> NDArray[np.float64]:
    """Return what ``probs`` ``[7]`` say for each class, as logarithms."""
    return np.log(np.maximum(probs.astype(np.float64), LEAST))


@dataclass(frozen=True, slots=True)
class Reliability:
    """What evidence of one modality is worth.

    Its log probabilities count ``weight`` times at full coverage and age zero, times
    ``coverage ** coverage_power``, times a half for every ``half_life`` seconds of age. Past
    ``horizon`` seconds it is forgotten.
    """

    weight: float
    coverage_power: float
    half_life: float
    horizon: float

    def fading(self, age: float) -> float:
        """Return what is left after ``age`` seconds; what is not over yet is not old."""
        return float(0.5 ** (max(0.0, age) / self.half_life))

    def exponent(self, coverage: float, age: float) -> float:
        """Return how often the log probabilities count: 0 and more."""
        if coverage <= 0.0:
            return 0.0
        return float(self.weight * coverage**self.coverage_power) * self.fading(age)


@dataclass(frozen=True, slots=True)
class Learned:
    """A fusion file.

    ``transition_rate`` and ``evidence_rate`` (a second) are those of the Bayesian filter.
    ``min_confidence`` is the probability of the first class below which a state abstains. A class
    other than the one named last needs ``raised`` more, or ``eased`` less once that is below
    ``gone``.
    """

    version: str
    modalities: Mapping[Modality, Reliability]
    transition_rate: float
    evidence_rate: float
    min_confidence: float
    eased: float
    raised: float
    gone: float


@cache
def shipped() -> Learned:
    """Return the shipped file."""
    return parse(files(__package__).joinpath("fusion.toml").read_text(encoding="utf-8"))


def parse(text: str) -> Learned:
    """Return what a fusion file says.

    Raises:
        FusionFileError: it is no TOML, a field is missing, unknown or out of range.
    """
    try:
        content = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise FusionFileError(str(error)) from error
    version = content.pop("version", None)
    if not isinstance(version, str):
        raise FusionFileError("version must be a text")
    state = _numbers(content, "state", [each.name for each in fields(Learned)][2:])
    names = [each.name for each in fields(Reliability)]
    modalities = {each: Reliability(**_numbers(content, each, names)) for each in Modality}
    if content:
        raise FusionFileError(f"{min(content)} is unknown")
    return Learned(version, modalities, **state)


def _numbers(content: dict[str, Any], table: str, names: list[str]) -> dict[str, float]:
    """Take a table out of ``content`` and return its numbers."""
    found = content.pop(table, None)
    if not isinstance(found, dict):
        raise FusionFileError(f"{table} must be a table")
    if unknown := found.keys() - set(names):
        raise FusionFileError(f"{table}.{min(unknown)} is unknown")
    for name in names:
        low, high = _RANGES[name]
        value = found.get(name)
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise FusionFileError(f"{table}.{name} must be a number")
        if not low <= value <= high:
            raise FusionFileError(f"{table}.{name} must lie between {low:g} and {high:g}")
    return {name: float(found[name]) for name in names}
