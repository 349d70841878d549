"""Figures on cases small enough to count by hand."""

import numpy as np
import pytest

from esapr.inference.calibration import PLAIN, Calibration, calibrated
from esapr.inference.emotions import CLASSES, LABELS
from esapr.models_onnx.evaluation import metrics


def sure(classes: list[int], logit: float = 5.0) -> np.ndarray:
    return np.eye(CLASSES, dtype=np.float32)[classes] * logit


def test_accuracy_and_recall_count_hits() -> None:
    labels = np.array([0, 0, 3, 3])
    logits = sure([0, 1, 3, 3])
    assert metrics.accuracy(logits, labels) == 0.75
    assert metrics.recalls(logits, labels)[LABELS[0]] == 0.5


def test_macro_f1_weighs_rare_classes_like_common_ones() -> None:
    labels = np.arange(CLASSES).repeat([94, 1, 1, 1, 1, 1, 1])
    always_angry = sure([0] * 100)
    assert metrics.accuracy(always_angry, labels) == 0.94
    assert metrics.macro_f1(always_angry, labels) == pytest.approx(2 * 94 / 194 / CLASSES)
    assert metrics.macro_f1(sure(labels.tolist()), labels) == 1.0


def test_a_row_may_have_several_labels() -> None:
    labels = np.zeros((3, CLASSES), np.float32)
    labels[0, 0] = labels[0, 1] = labels[1, 1] = 1
    shown = labels > 0
    assert metrics.macro_f1_of_several(shown, labels) == pytest.approx(2 / CLASSES)
    shown[2, 0] = True
    assert metrics.macro_f1_of_several(shown, labels) == pytest.approx((2 / 3 + 1) / CLASSES)


def test_a_threshold_lies_between_what_shows_a_class_and_what_does_not() -> None:
    probs = np.zeros((4, CLASSES), np.float32)
    probs[:, 0] = [0.1, 0.2, 0.4, 0.5]
    labels = np.zeros_like(probs)
    labels[2:, 0] = 1
    shown = probs[:, 0] > metrics.thresholds(probs, labels)[0]
    assert shown.tolist() == [False, False, True, True]


def test_the_calibration_error_is_the_gap_between_confidence_and_accuracy() -> None:
    labels = np.array([0] * 5 + [1] * 5)
    logits = sure([0] * 10, 50.0)
    assert metrics.calibration_error(logits, labels) == pytest.approx(0.5)
    assert metrics.calibration_error(logits[:5], labels[:5]) == pytest.approx(0.0, abs=1e-6)


def test_the_fitted_temperature_is_the_one_that_the_labels_were_drawn_with() -> None:
    draw = np.random.default_rng(5)
    logits = draw.normal(0, 4, (20_000, CLASSES)).astype(np.float32)
    probs = calibrated(logits, Calibration(2.0))
    labels = (probs.cumsum(axis=1) < draw.random((len(probs), 1))).sum(axis=1).clip(max=6)
    found = metrics.fit_temperature(logits, labels)
    assert found.temperature == pytest.approx(2.0, rel=0.05)
    assert found.slope == 0


def test_the_fitted_slope_is_the_one_that_the_labels_were_drawn_with() -> None:
    draw = np.random.default_rng(6)
    logits = draw.normal(0, 2, (20_000, CLASSES)).astype(np.float32)
    probs = calibrated(logits, Calibration(0.8, 0.6))
    labels = (probs.cumsum(axis=1) < draw.random((len(probs), 1))).sum(axis=1).clip(max=6)
    found = metrics.fit_calibration(logits, labels)
    assert found.temperature == pytest.approx(0.8, rel=0.1)
    assert found.slope == pytest.approx(0.6, abs=0.15)


def test_a_report_holds_what_a_card_shows() -> None:
    report = metrics.report(sure([0, 1]), np.array([0, 1]), PLAIN)
    assert report["faces"] == 2
    assert report["accuracy"] == 1.0
    assert set(report["recall"]) == set(LABELS)
