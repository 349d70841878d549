"""What a person's own neutral is worth: ``python -m …training.fusion.baseline [--write] [--test]``.

Of each actor of the score bank a few neutral utterances are the capture; all others of theirs are
scored as they are, and with the baseline. How fast a capture is believed, and how far it may move a
class, is what has the least log loss on the learning actors; ``--test`` measures that on the actors
of the test bank. ``--write`` writes ``inference/baseline.toml``.

FER2013 does not say which faces are one person's, so nothing can be measured for faces. Their mean
is from the learning bank; that a face is believed more slowly than a voice is assumed.
"""

import argparse
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import product
from pathlib import Path

import numpy as np
import tomli_w
from numpy.typing import NDArray

from esapr import inference
from esapr.inference.baseline import Logs, Neutral, centred, shift_of, shifted
from esapr.inference.emotions import CLASSES, Emotion
from esapr.inference.signals import Modality
from esapr.models_onnx.evaluation.metrics import calibration_error
from esapr.models_onnx.evaluation.score_bank import VOICE_VIEWS, Bank, Scores, read

SPEECH = {"window_1_0_s": 1.0, "window_1_5_s": 1.5, "whole": 1.75, "live": 1.75}
"""Seconds of speech in an utterance as each view has it."""

CAPTURES = (1, 2, 3)
"""Neutral utterances of a capture: 3, 6 and 9 seconds, a little more than half of them speech."""

DRAWS = 4
HALF_SECONDS = (0.5, 1.0, 1.5, 2.0, 3.0, 4.0, 6.0, 8.0)
MOST = (1.0, 1.5, 2.0, 3.0)
FACE_HALF_SECONDS = 10.0

Figures = tuple[float, float, float]
"""Mean recall of the classes, log loss, and calibration error."""


@dataclass(frozen=True, slots=True)
class Trial:
    """One capture: its mean, its seconds of speech, and what the same actor said otherwise."""

    mean: Logs
    seconds: float
    probs: NDArray[np.float32]
    labels: NDArray[np.int64]


def main() -> None:
    """Choose on the learning actors, and print, measure or write as asked."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--write", action="store_true", help="write the file that is shipped")
    parser.add_argument("--test", action="store_true", help="measure on the test actors, too")
    wanted = parser.parse_args()
    bank = read("learning")
    voice = chosen(bank)
    print(f"half a belief after {voice.half_seconds:g} s, at most {voice.most:g}")
    report("learning", bank, voice)
    if wanted.test:
        report("test", read("test"), voice)
    if wanted.write:
        face = Neutral(mean_of(bank[Modality.FACE]), FACE_HALF_SECONDS, voice.most)
        path = Path(inference.__file__).with_name("baseline.toml")
        text = tomli_w.dumps({"face": as_toml(face), "voice": as_toml(voice)})
        path.write_text(HEADER + text, encoding="utf-8")


def mean_of(scores: Scores) -> Logs:
    """Return the mean centred logs of neutral items over all views, ``[7]``."""
    neutral = scores.probs[scores.labels == Emotion.NEUTRAL]
    return np.asarray(centred(neutral.reshape(-1, CLASSES)).mean(axis=0).round(3))


def trials(bank: Bank, captured: int, view: int) -> Iterator[Trial]:
    """Yield captures of ``captured`` utterances of each actor, four of them drawn at random."""
    voice, random = bank[Modality.VOICE], np.random.default_rng([captured, view])
    for actor in np.unique(voice.groups):
        own = np.flatnonzero(voice.groups == actor)
        at_rest = own[voice.labels[own] == Emotion.NEUTRAL]
        for _ in range(DRAWS):
            used = random.permutation(at_rest)[:captured]
            rest = np.setdiff1d(own, used)
            yield Trial(
                centred(voice.probs[used, view]).mean(axis=0),
                captured * SPEECH[VOICE_VIEWS[view]],
                voice.probs[rest, view],
                voice.labels[rest],
            )


def chosen(bank: Bank) -> Neutral:
    """Return what has the least log loss over captures of all lengths and views."""
    each = [
        t for n, view in product(CAPTURES, range(len(VOICE_VIEWS))) for t in trials(bank, n, view)
    ]
    mean = mean_of(bank[Modality.VOICE])
    tried = [Neutral(mean, *pair) for pair in product(HALF_SECONDS, MOST)]
    return min(tried, key=lambda neutral: measured(each, neutral)[1])


def measured(found: Sequence[Trial], neutral: Neutral | None) -> Figures:
    """Return the figures of all that was not captured, with a baseline or, for None, without."""
    probs = np.concatenate(
        [
            t.probs if neutral is None else shifted(t.probs, shift_of(t.mean, t.seconds, neutral))
            for t in found
        ]
    )
    labels = np.concatenate([t.labels for t in found])
    hit = probs.argmax(axis=1) == labels
    recall = float(np.mean([hit[labels == each].mean() for each in range(CLASSES)]))
    logs = np.log(np.maximum(probs, 1e-6))
    loss = -float(logs[np.arange(len(labels)), labels].mean())
    return recall, loss, calibration_error(logs, labels)


def report(name: str, bank: Bank, neutral: Neutral) -> None:
    """Print what captures of each length do to each view."""
    for captured, view in product(CAPTURES, range(len(VOICE_VIEWS))):
        found = list(trials(bank, captured, view))
        before, after = measured(found, None), measured(found, neutral)
        print(f"{name:9} {captured} utterances {VOICE_VIEWS[view]:13}", *_both(before, after))


def _both(before: Figures, after: Figures) -> Iterator[str]:
    for what, one, other in zip(("recall", "log loss", "ECE"), before, after, strict=True):
        yield f"{what} {one:.3f} -> {other:.3f}"


HEADER = "# Written by esapr.models_onnx.training.fusion.baseline: docs/explanation/fusion.md.\n"


def as_toml(neutral: Neutral) -> dict[str, object]:
    """Return one table of the file."""
    return {
        "neutral": neutral.logs.tolist(),
        "half_seconds": neutral.half_seconds,
        "most": neutral.most,
    }


if __name__ == "__main__":
    main()
