"""Utterances: where they begin and end, and that each sound is in one of them."""

import numpy as np
import pytest

from esapr.inference.signals import AudioWindow
from esapr.inference.voice.activity import CHUNKS, Speech
from esapr.inference.voice.utterances import MOST_SECONDS, Utterance, Utterances
from esapr.inference.voice.windows import WINDOW

SECOND = 16_000


def heard(said: str) -> list[Utterance]:
    """What a minute gives in which ``s`` is a second with speech, ``.`` one without, ``x`` lost."""
    stream = np.arange(len(said) * SECOND + WINDOW, dtype=np.float32)
    utterances, found = Utterances(), []
    for second, mark in enumerate(said, start=1):
        if mark == "x":
            continue
        end = WINDOW + second * SECOND
        speech = Speech(0, WINDOW, 900, 900, np.ones(CHUNKS, np.bool_)) if mark == "s" else None
        found += utterances.add(AudioWindow(float(second), stream[end - WINDOW : end]), speech)
    return found


@pytest.mark.parametrize(
    ("said", "ends", "seconds"),
    [
        ("....", [], []),
        ("..sss.", [5.0], [3.5]),
        ("s.s.", [1.0, 3.0], [1.5, 1.5]),
        ("sss", [], []),  # not over yet
        ("ssxss.", [2.0, 5.0], [2.5, 2.5]),  # a window that was not scored
        ("s" * (MOST_SECONDS + 2) + ".", [9.0, 11.0], [9.5, 2.5]),
    ],
)
def test_an_utterance_ends_with_a_second_of_silence(
    said: str, ends: list[float], seconds: list[float]
) -> None:
    found = heard(said)
    assert [utterance.at for utterance in found] == ends
    assert [len(utterance.samples) / SECOND for utterance in found] == seconds


def test_no_sound_of_an_utterance_is_missing_or_doubled() -> None:
    (utterance,) = heard(".ssss.")
    assert (np.diff(utterance.samples) == 1).all()
    assert utterance.samples[-1] == WINDOW + 5 * SECOND - 1
