"""Learn how modalities are combined: ``python -m …training.fusion.learn [--write]``.

The protocol, none of which looks at the test bank:

1. Each way to combine is fitted on two of three folds of the learning bank's streams and judged by
   its log loss on the third. What of them is shipped, and why, is in docs/decisions/0037.
2. A state abstains below the confidence at which half of the learning streams' states are right.
3. How sure a class has to be that follows another one is what finds changes soonest, in the
   median, while labels change at most 1.3 times as often as what is shown.
4. Smoothing is what has the least log loss on the learning streams among the filters whose labels
   change at most 1.3 times as often as what is shown.

All of them are then measured on the test streams, once: ``esapr bench fusion``.
"""

import argparse
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from itertools import product
from pathlib import Path

import numpy as np
import tomli_w
from numpy.typing import NDArray

from esapr import inference
from esapr.inference.fusion import FusionConfig, disagree
from esapr.inference.reliability import Learned, Reliability, shipped
from esapr.models_onnx.evaluation import fusion_bench
from esapr.models_onnx.evaluation.fusion_bench import EVERYTHING, figures
from esapr.models_onnx.evaluation.fusion_streams import Stream, compose
from esapr.models_onnx.evaluation.metrics import calibration_error
from esapr.models_onnx.evaluation.score_bank import read
from esapr.models_onnx.training.fusion.candidates import (
    LEAST_POWER,
    Combine,
    Gated,
    Pool,
    Probs,
    Stacked,
    average,
    fitted,
    log_losses,
    surest,
)
from esapr.models_onnx.training.fusion.rows import FOLDS, Rows, learning_streams, rows

HALF_LIVES = (0.0, 0.3, 0.5, 1.0)
TRANSITION_RATES = (0.3, 0.6, 1.0)
EVIDENCE_RATES = (0.5, 1.0)
MOST_FLICKER = 1.3
EASED, RAISED, GONE = (0.04, 0.08), (0.15, 0.2, 0.25, 0.3), (0.1, 0.15, 0.2)
THRESHOLDS = np.arange(0.2, 0.9, 0.02)
NEAR = 0.05
"""Half the width of the band of confidence in which half of the states have to be right."""

Streams = Sequence[tuple[int, Stream]]


def main() -> None:
    """Compare, choose, measure, and with ``--write`` write ``inference/fusion.toml``."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--write", action="store_true", help="write the file that is shipped")
    parser.add_argument("--test", action="store_true", help="measure on the test bank, too")
    wanted = parser.parse_args()
    streams = learning_streams()
    known = shipped()
    found = rows(streams, known)
    compare(found, known, test=wanted.test)
    learned = with_weights(known, found)
    learned = with_thresholds(learned, streams)
    learned = with_naming(learned, streams)
    learned = with_smoothing(learned, streams)
    print(learned)
    if wanted.write:
        path = Path(inference.__file__).with_name("fusion.toml")
        path.write_text(HEADER + tomli_w.dumps(as_toml(learned)), encoding="utf-8")


def candidates(known: Learned) -> dict[str, Callable[[Rows], Combine]]:
    """Return how each way to combine is fitted, the simplest one first."""
    return {
        "average": lambda _: average,
        "surest": lambda _: surest,
        "pool, equal weights": lambda fit: fitted(Pool(known, learned=False), fit),
        "pool, learned weights": lambda fit: fitted(Pool(known, learned=True), fit),
        "pool, learned weights and offsets": lambda fit: fitted(
            Pool(known, learned=True, offsets=True), fit
        ),
        "gated network": lambda fit: fitted(Gated(), fit),
        "stacked regression": lambda fit: fitted(Stacked(), fit),
    }


def compare(found: Rows, known: Learned, *, test: bool) -> None:
    """Print each candidate's loss over the folds, and its distance to the best."""
    found = found.of(found.seen)
    losses = {}
    for name, fit in candidates(known).items():
        held_out = np.zeros(len(found.truth))
        for fold in range(FOLDS):
            own = found.fold == fold
            held_out[own] = log_losses(fit(found.of(~own))(found.of(own)), found.truth[own])
        losses[name] = by_stream(held_out, found.stream)
    best = min(losses, key=lambda name: losses[name].mean())
    for name, loss in losses.items():
        behind = loss - losses[best]
        error = behind.std(ddof=1) / np.sqrt(len(behind))
        print(f"{name:34} loss {loss.mean():.4f}, behind {best} {behind.mean():.4f} ± {error:.4f}")
    if test:
        measure(found, known)


def measure(found: Rows, known: Learned) -> None:
    """Print what each candidate, fitted to all learning streams, is worth on the test streams."""
    streams = compose(
        read("test"),
        count=fusion_bench.STREAMS,
        seconds=fusion_bench.STREAM_SECONDS,
        seed=fusion_bench.SEED,
    )
    unseen = rows([(0, stream) for stream in streams], known)
    unseen = unseen.of(unseen.seen)
    for name, fit in candidates(known).items():
        print(f"{name:34} test {test_figures(fit(found)(unseen), unseen.truth)}")


def test_figures(probs: Probs, truth: NDArray[np.int64]) -> str:
    """Return loss, accuracy and calibration error in words."""
    error = calibration_error(np.log(np.maximum(probs, 1e-9)), truth)
    right = (probs.argmax(axis=1) == truth).mean()
    return f"loss {log_losses(probs, truth).mean():.4f}, accuracy {right:.4f}, ECE {error:.4f}"


def by_stream(losses: NDArray[np.float64], stream: NDArray[np.int64]) -> NDArray[np.float64]:
    """Return the mean of each stream."""
    return np.array([losses[stream == each].mean() for each in np.unique(stream)])


def with_weights(known: Learned, found: Rows) -> Learned:
    """Return what is known with the weights that fit all learning streams."""
    pool = Pool(known, learned=True)
    fitted(pool, found)
    weights = pool.weights.detach().clamp(min=0.0).tolist()
    powers = pool.powers.detach().clamp(min=LEAST_POWER).tolist()
    modalities = {
        modality: replace(
            known.modalities[modality], weight=round(weight, 3), coverage_power=round(power, 3)
        )
        for modality, weight, power in zip(EVERYTHING, weights, powers, strict=True)
    }
    return replace(known, modalities=modalities, min_confidence=0.0)


def with_naming(learned: Learned, streams: Streams) -> Learned:
    """Print what each pair of thresholds does to the learning streams; return the best."""
    only = [stream for _, stream in streams]
    found: list[tuple[float, Learned]] = []
    for eased, raised, gone in product(EASED, RAISED, GONE):
        tried = replace(learned, eased=eased, raised=raised, gone=gone)
        config = FusionConfig(tried, smoothing_half_life=0.0)
        row = figures(fusion_bench.run(only, config, EVERYTHING, fusion_bench.smoothed))
        print(f"eased {eased:g} raised {raised:g} gone {gone:g} {row}", flush=True)
        if row.flicker_ratio <= MOST_FLICKER:
            found.append((row.delay_median_s, tried))
    return min(found, key=lambda pair: pair[0])[1]


def with_smoothing(learned: Learned, streams: Streams) -> Learned:
    """Print what each filter does to the learning streams; return the best rates."""
    only = [stream for _, stream in streams]
    filters = [FusionConfig(learned, smoothing_half_life=each) for each in HALF_LIVES]
    for transitions, evidence in product(TRANSITION_RATES, EVIDENCE_RATES):
        rates = replace(learned, transition_rate=transitions, evidence_rate=evidence)
        filters.append(FusionConfig(rates, smoothing="bayes"))
    judged = [judge(config, only) for config in filters]
    order = sorted(range(len(filters)), key=lambda number: judged[number])
    chosen = filters[order[0]]
    print("chosen", chosen.smoothing, chosen.smoothing_half_life)
    return next(filters[each] for each in order if filters[each].smoothing == "bayes").learned


def judge(config: FusionConfig, streams: Sequence[Stream]) -> tuple[bool, float]:
    """Print a filter's figures; return whether it flickers too much, and its log loss."""
    always = replace(config.learned, min_confidence=0.0)
    ran = fusion_bench.run(
        streams, replace(config, learned=always), EVERYTHING, fusion_bench.smoothed
    )
    loss = float(log_losses(ran.probs[ran.shown], ran.truth[ran.shown]).mean())
    row = figures(fusion_bench.run(streams, config, EVERYTHING, fusion_bench.smoothed))
    rates = f"{config.learned.transition_rate:g} {config.learned.evidence_rate:g}"
    says = rates if config.smoothing == "bayes" else f"{config.smoothing_half_life:g} s"
    print(f"{config.smoothing:12} {says:10} loss {loss:.4f} {row}", flush=True)
    return row.flicker_ratio > MOST_FLICKER, loss


def with_thresholds(learned: Learned, streams: Streams) -> Learned:
    """Return the confidences at which half of the learning streams' states are right."""
    config = FusionConfig(learned, smoothing_half_life=0.0)
    confidence, right, apart = [], [], []
    for _, stream in streams:
        found = fusion_bench.states(stream, config, EVERYTHING)
        for state, label in zip(found, stream.labels(), strict=True):
            if state.fused is not None:
                confidence.append(state.fused.confidence)
                right.append(int(state.fused.probs.argmax()) == label)
                apart.append(disagree(state.modalities.values()))
    sure, hit, split = np.array(confidence), np.array(right), np.array(apart)
    print(f"modalities disagree in {split.mean():.3f}, right there {hit[split].mean():.3f}")
    for threshold in THRESHOLDS:
        kept = sure >= threshold
        print(f"{threshold:.2f} coverage {kept.mean():.3f} accuracy {hit[kept].mean():.4f}")
    return replace(
        learned,
        min_confidence=as_often_right(sure, hit),
    )


def as_often_right(confidence: NDArray[np.float64], right: NDArray[np.bool_]) -> float:
    """Return the least threshold around which at least half of the states are right."""
    for threshold in THRESHOLDS:
        near = np.abs(confidence - threshold) <= NEAR
        if near.sum() >= 20 and right[near].mean() >= 0.5:
            return round(float(threshold), 2)
    return 1.0


HEADER = "# Written by esapr.models_onnx.training.fusion.learn: docs/explanation/fusion.md.\n"


def as_toml(learned: Learned) -> Mapping[str, object]:
    """Return the tables of the file."""

    def table(each: Reliability) -> dict[str, float]:
        return {name: getattr(each, name) for name in Reliability.__dataclass_fields__}

    state = list(Learned.__dataclass_fields__)[2:]
    return {
        "version": "1.4.0",
        **{modality.value: table(each) for modality, each in learned.modalities.items()},
        "state": {name: getattr(learned, name) for name in state},
    }


if __name__ == "__main__":
    main()
