"""Logits in a model's own order become scores in ours."""

import numpy as np
import pytest

from esapr.inference.calibration import PLAIN, Calibration
from esapr.inference.emotions import LABELS, Emotion
from esapr.inference.face.expression import ExpressionReader


def test_labels_are_put_into_our_order() -> None:
    reader = ExpressionReader(LABELS[::-1], PLAIN)
    logits = np.zeros(7, np.float32)
    logits[LABELS[::-1].index("happy")] = 5
    assert reader.scores(logits).argmax() == Emotion.HAPPY


def test_the_temperature_is_used() -> None:
    logits = np.eye(7, dtype=np.float32)[0] * 4
    assert (
        ExpressionReader(LABELS, Calibration(3.0)).scores(logits)[0]
        < ExpressionReader(LABELS, PLAIN).scores(logits)[0]
    )


def test_a_model_with_other_classes_is_refused() -> None:
    with pytest.raises(ValueError, match="permutation"):
        ExpressionReader(["contempt", *LABELS[1:]], PLAIN)


def test_the_map_of_the_likeliest_expression_is_picked_from_the_models_order() -> None:
    reader = ExpressionReader(LABELS[::-1], PLAIN)
    maps = np.arange(2 * 7 * 4, dtype=np.float32).reshape(2, 7, 2, 2)
    scores = np.eye(7, dtype=np.float32)[[Emotion.HAPPY, Emotion.ANGRY]]

    emotions, picked = reader.winning(maps, scores)

    assert emotions == [Emotion.HAPPY, Emotion.ANGRY]
    np.testing.assert_array_equal(picked[0], maps[0, LABELS[::-1].index("happy")])
    np.testing.assert_array_equal(picked[1], maps[1, LABELS[::-1].index("angry")])
