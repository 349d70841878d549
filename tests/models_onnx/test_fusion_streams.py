from itertools import pairwise

import numpy as np
import pytest

from esapr.inference.emotions import CLASSES, Emotion
from esapr.inference.signals import Modality
from esapr.models_onnx.evaluation.fusion_bench import Run, coverage_curve, figures
from esapr.models_onnx.evaluation.fusion_streams import Stream, compose
from esapr.models_onnx.evaluation.score_bank import read


@pytest.fixture(scope="module")
def streams() -> list[Stream]:
    return compose(read("test"), count=3, seconds=120.0, seed=3)


def test_no_actor_is_in_what_is_learned_from_and_in_the_test() -> None:
    learning, test = (set(read(split)[Modality.VOICE].groups) for split in ("learning", "test"))
    assert (len(learning), len(test)) == (15, 9)
    assert not learning & test


def test_the_bank_holds_distributions_of_every_class() -> None:
    for split in ("learning", "test"):
        for scores in read(split).values():
            assert scores.probs.sum(axis=-1) == pytest.approx(np.ones(scores.probs.shape[:2]))
            assert set(scores.labels) == set(range(CLASSES))


def test_the_same_seed_composes_the_same_streams(streams: list[Stream]) -> None:
    again = compose(read("test"), count=1, seconds=120.0, seed=3)[0]
    assert again.spans == streams[0].spans
    for one, other in zip(again.arrivals, streams[0].arrivals, strict=True):
        assert (one.arrives, one.modality, one.at) == (other.arrives, other.modality, other.at)
    assert compose(read("test"), count=1, seconds=120.0, seed=4)[0].spans != again.spans


def test_a_stream_changes_every_five_to_twenty_seconds(streams: list[Stream]) -> None:
    for stream in streams:
        assert stream.seconds == 120
        for before, after in pairwise(stream.spans):
            assert before.end == after.start
            assert before.label != after.label
            assert 5 <= before.end - before.start <= 20
        labels = stream.labels()
        first = stream.spans[0]
        assert set(labels[: int(first.end - 0.5)]) == {first.label}


def test_what_arrives_comes_in_order_after_what_it_describes(streams: list[Stream]) -> None:
    for stream in streams:
        times = [each.arrives for each in stream.arrivals]
        assert times == sorted(times)
        assert {each.modality for each in stream.arrivals} == set(Modality)
        assert {each.score is None for each in stream.arrivals} == {True, False}
        for each in stream.arrivals:
            assert each.arrives > each.at
            if each.score is not None:
                assert each.score.probs.sum() == pytest.approx(1.0, abs=1e-5)
                assert 0 < each.score.coverage <= 1


def test_a_face_is_held_for_as_long_as_its_span(streams: list[Stream]) -> None:
    for span in streams[0].spans:
        seen = [
            each.score.probs.tobytes()
            for each in streams[0].arrivals
            if each.modality is Modality.FACE
            and each.score is not None
            and not each.score.quality
            and span.start <= each.at < span.end
        ]
        # One face, its mirror image and two shifts.
        assert len(set(seen)) <= 4


def test_figures_of_states_that_are_known() -> None:
    happy, sad = Emotion.HAPPY, Emotion.SAD
    probs = np.zeros((4, CLASSES), np.float32)
    probs[[0, 1, 2], [happy, happy, sad]] = 1.0
    run = Run(
        probs,
        named=np.array([happy, happy, sad, -1]),
        truth=np.array([happy, sad, sad, sad]),
        flicker_ratio=1.0,
        delays=np.array([1.5, np.inf]),
    )
    found = figures(run)
    assert found.accuracy == pytest.approx(2 / 3)
    assert found.coverage == 0.75
    assert found.brier == pytest.approx(2 / 3)
    assert (found.delay_median_s, found.detected, found.delay_median_all_s) == (1.5, 0.5, None)
    assert coverage_curve(run)[0] == pytest.approx((0.75, 2 / 3))
