import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from esapr.inference.reliability import FusionFileError, Reliability, parse, shipped
from esapr.inference.signals import Modality
from tests.inference.fusion_files import FILE

PLAIN = Reliability(weight=0.8, coverage_power=0.5, half_life=2.0, horizon=10.0)


def test_the_shipped_file_weighs_every_modality() -> None:
    learned = shipped()
    assert re.fullmatch(r"\d+\.\d+\.\d+", learned.version)
    assert learned.modalities.keys() == set(Modality)
    assert all(each.weight > 0 for each in learned.modalities.values())
    assert 1 / 7 < learned.min_confidence < 1


def test_an_own_file_says_what_counts() -> None:
    learned = parse(FILE)
    assert learned.version == "own"
    assert learned.modalities[Modality.VOICE].weight == 2.0
    assert learned.min_confidence == 0.5


@pytest.mark.parametrize(
    ("line", "instead", "problem"),
    [
        ('version = "own"', "version = 1", "version must be a text"),
        ('version = "own"', "", "version must be a text"),
        ("[voice]", "[speech]", "voice must be a table"),
        ("[state]", "[gaze]\nweight = 1\n[state]", "gaze is unknown"),
        ("weight = 2.0", "weight = -1.0", "voice.weight must lie between 0 and 10"),
        ("weight = 2.0", "weight = nan", "voice.weight must lie between 0 and 10"),
        ("weight = 2.0", "weight = true", "voice.weight must be a number"),
        ("weight = 2.0", "", "voice.weight must be a number"),
        ("weight = 2.0", "weight = 2.0\nage = 1", "voice.age is unknown"),
        ("weight = 2.0", "weight = ", "Invalid value"),
    ],
)
def test_a_malformed_file_is_refused_with_the_field(line: str, instead: str, problem: str) -> None:
    with pytest.raises(FusionFileError, match=re.escape(problem)):
        parse(FILE.replace(line, instead, 1))


@given(st.floats(0, 1), st.floats(0, 1), st.floats(-5, 60), st.floats(0, 60))
def test_less_coverage_and_more_age_never_count_more(
    coverage: float, other: float, age: float, later: float
) -> None:
    low, high = sorted((coverage, other))
    assert 0 <= PLAIN.exponent(low, age) <= PLAIN.exponent(high, age) <= PLAIN.weight
    assert PLAIN.exponent(high, age + later) <= PLAIN.exponent(high, age)


def test_a_half_life_halves() -> None:
    assert PLAIN.exponent(1.0, 2.0) == pytest.approx(0.4)
    assert PLAIN.exponent(0.25, 0.0) == pytest.approx(0.4)
    assert PLAIN.exponent(0.0, 0.0) == 0.0
