"""The fusion on composed streams, on a virtual clock, and what its states are worth."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from itertools import pairwise
from math import inf, isfinite

import numpy as np
from numpy.typing import NDArray

from esapr.inference.emotions import CLASSES
from esapr.inference.fusion import Fusion, FusionConfig
from esapr.inference.signals import EmotionState, Modality
from esapr.models_onnx.evaluation.fusion_streams import Stream, compose
from esapr.models_onnx.evaluation.metrics import accuracy, calibration_error, macro_f1
from esapr.models_onnx.evaluation.score_bank import read

SEED = 11
STREAMS = 40
STREAM_SECONDS = 150.0

EVERYTHING = tuple(Modality)
NO_LABEL = -1

THRESHOLDS = np.arange(0.2, 0.96, 0.025)

Curve = list[tuple[float, float]]
"""Shares of states, and the accuracy of the surest ones that make up each share."""

Answer = tuple[NDArray[np.float32], int] | None
"""Probabilities of one state and the class it names; None where it abstains."""


@dataclass(frozen=True, slots=True)
class Figures:
    """What the states of one row are worth.

    ``accuracy``, ``macro_f1``, ``ece`` (15 bins) and ``brier`` are those of the states with an
    expression, whose share is ``coverage``. ``flicker_ratio`` is how often the label changes, over
    how often what is shown does. Delays are seconds from a change to the end of the first state
    that names the new class, of the changes that are ``detected`` before the next one;
    ``delay_median_all_s`` counts the others as endless: ``None`` if more than half are missed.
    """

    accuracy: float
    macro_f1: float
    ece: float
    brier: float
    flicker_ratio: float
    delay_median_s: float
    delay_p90_s: float
    delay_median_all_s: float | None
    detected: float
    coverage: float


@dataclass(frozen=True, slots=True)
class Run:
    """All states of all streams in a row: ``probs`` ``[N, 7]``; ``named`` is -1 in abstentions."""

    probs: NDArray[np.float32]
    named: NDArray[np.int64]
    truth: NDArray[np.int64]
    flicker_ratio: float
    delays: NDArray[np.float64]

    @property
    def shown(self) -> NDArray[np.bool_]:
        """Which states have an expression."""
        return np.not_equal(self.named, NO_LABEL)


@dataclass(frozen=True, slots=True)
class Report:
    """The table; ``without`` leaves one modality out.

    ``gain_points`` is by how much the fused accuracy exceeds that of the best modality by itself,
    ``loss_points`` the most by which two modalities lie behind one of them. Both compare the surest
    states of each side, equally many. ``gain_same_points`` is the gain in the very seconds in which
    that modality names an expression. ``curves`` are accuracies over coverages as a threshold on
    the confidence falls.
    """

    seconds: int
    changes: int
    rows: Mapping[str, Figures]
    without: Mapping[str, Figures]
    gain_points: float
    gain_same_points: float
    loss_points: float
    curves: Mapping[str, Curve]


def bench(
    config: FusionConfig, *, streams: int = STREAMS, seconds: float = STREAM_SECONDS
) -> Report:
    """Run the fusion of ``config`` on streams of the test bank."""
    composed = compose(read("test"), count=streams, seconds=seconds, seed=SEED)
    single = {m: run(composed, config, (m,), smoothed) for m in EVERYTHING}
    fused = run(composed, config, EVERYTHING, smoothed)
    runs = {
        **{str(m): each for m, each in single.items()},
        "fused_raw": run(composed, config, EVERYTHING, _raw),
        "fused": fused,
    }
    rest = {m: tuple(other for other in EVERYTHING if other is not m) for m in EVERYTHING}
    without = {str(m): run(composed, config, kept, smoothed) for m, kept in rest.items()}
    rows = {name: figures(each) for name, each in runs.items()}
    return Report(
        seconds=len(fused.truth),
        changes=len(fused.delays),
        rows=rows,
        without={name: figures(each) for name, each in without.items()},
        gain_points=min(_gain(fused, each) for each in single.values()),
        gain_same_points=min(_gain_there(fused, each) for each in single.values()),
        loss_points=max(
            -_gain(without[str(m)], single[other]) for m, kept in rest.items() for other in kept
        ),
        curves={name: coverage_curve(each) for name, each in runs.items() if name != "fused_raw"},
    )


def run(
    streams: Sequence[Stream],
    config: FusionConfig,
    modalities: tuple[Modality, ...],
    answer: Callable[[EmotionState], Answer],
) -> Run:
    """Run a fusion of ``modalities`` over each stream, with a state a second."""
    probs: list[NDArray[np.float32]] = []
    named: list[int] = []
    delays: list[float] = []
    changed = 0
    for stream in streams:
        answers = [answer(state) for state in states(stream, config, modalities)]
        labels = [NO_LABEL if each is None else each[1] for each in answers]
        probs += [np.zeros(CLASSES, np.float32) if each is None else each[0] for each in answers]
        named += labels
        changed += _changes(labels)
        delays += [_delay(labels, *change) for change in stream.changes()]
    truth = np.concatenate([stream.labels() for stream in streams])
    true_changes = sum(_changes(stream.labels().tolist()) for stream in streams)
    return Run(
        np.stack(probs),
        np.array(named, np.int64),
        truth,
        changed / max(true_changes, 1),
        np.array(delays),
    )


def states(
    stream: Stream, config: FusionConfig, modalities: tuple[Modality, ...]
) -> Iterable[EmotionState]:
    """Yield the state of each second; each knows what has arrived by its end."""
    fusion = Fusion(modalities, config)
    waiting = [each for each in stream.arrivals if each.modality in modalities]
    place = 0
    for end in range(1, stream.seconds + 1):
        while place < len(waiting) and waiting[place].arrives <= end:
            arrival = waiting[place]
            place += 1
            if arrival.score is None:
                fusion.add_absence(arrival.modality, arrival.at)
            else:
                fusion.add(arrival.score)
        yield fusion.state_at(end - 1.0, float(end))


def figures(found: Run) -> Figures:
    """Return the figures of a row."""
    shown = found.shown
    probs, truth = found.probs[shown], found.truth[shown]
    logs = np.log(np.maximum(probs, 1e-9))
    wanted = np.eye(CLASSES)[truth]
    detected = found.delays[np.isfinite(found.delays)]
    median, slowest = (float(np.quantile(detected, q)) for q in (0.5, 0.9))
    of_all = float(np.quantile(found.delays, 0.5, method="higher"))
    return Figures(
        accuracy=accuracy(probs, truth),
        macro_f1=macro_f1(probs, truth),
        ece=calibration_error(logs, truth),
        brier=float(np.square(probs - wanted).sum(axis=1).mean()),
        flicker_ratio=found.flicker_ratio,
        delay_median_s=median,
        delay_p90_s=slowest,
        delay_median_all_s=of_all if isfinite(of_all) else None,
        detected=len(detected) / len(found.delays),
        coverage=float(shown.mean()),
    )


def coverage_curve(found: Run) -> Curve:
    """Return the accuracy of the states above each threshold of confidence."""
    confidence = found.probs.max(axis=1)
    right = found.probs.argmax(axis=1) == found.truth
    kept = [found.shown & (confidence >= threshold) for threshold in THRESHOLDS]
    return [(float(each.mean()), float(right[each].mean())) for each in kept if each.any()]


def as_json(report: Report) -> dict[str, object]:
    """Return the keys of ``bench fusion``."""
    return {
        **{name: asdict(row) for name, row in report.rows.items()},
        "without": {name: asdict(row) for name, row in report.without.items()},
        "gain_points": report.gain_points,
        "gain_same_points": report.gain_same_points,
        "loss_points": report.loss_points,
        "seconds": report.seconds,
        "changes": report.changes,
    }


def smoothed(state: EmotionState) -> Answer:
    """Return what a state says."""
    if state.fused is None:
        return None
    return state.fused.probs, int(state.fused.probs.argmax())


def _raw(state: EmotionState) -> Answer:
    if state.pooled is None or state.fused is None:
        return None
    return state.pooled, int(state.pooled.argmax())


def _gain(one: Run, other: Run) -> float:
    """Return by how many points ``one`` is right more often where both name one as often."""
    count = int(min(one.shown.sum(), other.shown.sum()))
    return 100 * (_surest(one, count) - _surest(other, count))


def _gain_there(one: Run, other: Run) -> float:
    """Return by how many points ``one`` is right more often where both name an expression."""
    both = one.shown & other.shown
    truth = one.truth[both]
    return 100 * float((one.named[both] == truth).mean() - (other.named[both] == truth).mean())


def _surest(found: Run, count: int) -> float:
    kept = np.argsort(-found.probs.max(axis=1), kind="stable")[:count]
    return float((found.probs[kept].argmax(axis=1) == found.truth[kept]).mean())


def _changes(labels: Sequence[int]) -> int:
    """Return how often the label changes; abstentions in between do not count."""
    shown = [label for label in labels if label != NO_LABEL]
    return sum(before != after for before, after in pairwise(shown))


def _delay(labels: Sequence[int], start: float, end: float, label: int) -> float:
    """Return how long after ``start`` the first state that names ``label`` is there."""
    for tick in range(int(start), min(int(np.ceil(end)), len(labels))):
        if labels[tick] == label:
            return tick + 1 - start
    return inf
