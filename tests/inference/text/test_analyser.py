"""Lines through the analyser, the batcher and the shipped model."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tokenizers import Tokenizer

from esapr.inference.batching import BatchLimits, DropReason
from esapr.inference.cards import Arrays, ModelCard
from esapr.inference.emotions import CLASSES, Emotion
from esapr.inference.models import Model
from esapr.inference.scoring import NotRunError, Scorer
from esapr.inference.signals import Modality, Quality, TextDetails, TextLine
from esapr.inference.stages import Network, Rows
from esapr.inference.text.analyser import TextAnalyser, TextReading
from esapr.inference.text.clean import clean
from esapr.inference.text.expression import encode, read_tokenizer
from esapr.inference.text.language import LanguageCheck
from esapr.inference.workers import ThreadWorkers
from esapr.models_onnx import LANGUAGES, ROOT

FOLDER = ROOT / "text_expression"
LIMITS = BatchLimits(buckets=(1, 4), max_wait=0.0, max_pending=4, use_by=30.0)

pytestmark = pytest.mark.real_time


class Unobserved:
    """An observer that keeps nothing."""

    def batch_done(self, model: str, size: int, queued: float, ran: float) -> None: ...

    def dropped(self, model: str, reason: str, count: int) -> None: ...


@pytest.fixture(scope="module")
def model() -> Model:
    return Model(ModelCard.read(FOLDER))


@pytest.fixture(scope="module")
def tokenizer(model: Model) -> Tokenizer:
    return read_tokenizer(model.card)


@pytest.fixture(scope="module")
def languages() -> LanguageCheck:
    return LanguageCheck(LANGUAGES)


@asynccontextmanager
async def analyser(
    model: Model, limits: BatchLimits = LIMITS, languages: LanguageCheck | None = None
) -> AsyncIterator[TextAnalyser]:
    with ThreadWorkers(1) as workers:
        scorer = Scorer(Rows(Network("text_expression", model, limits)), workers, Unobserved())
        async with asyncio.TaskGroup() as group:
            running = group.create_task(scorer.run())
            yield TextAnalyser(
                scorer,
                read_tokenizer(ModelCard.read(FOLDER)),
                session="s",
                calibration=model.card.calibration,
                languages=languages,
            )
            running.cancel()


async def test_what_is_spoken_is_read_as_speech_and_counts_less_than_what_was_typed(
    model: Model,
) -> None:
    body = "I love this, thank you so much!"
    async with analyser(model) as text:
        typed = (await text.score(TextLine(0.0, body))).score
        caption = (await text.score(TextLine(0.0, body, "caption"))).score
        transcript = (await text.score(TextLine(0.0, body, "transcript"))).score
    assert typed is not None
    assert caption is not None
    assert transcript is not None
    assert np.array_equal(caption.probs, transcript.probs)
    assert not np.allclose(typed.probs, caption.probs, atol=0.01)
    assert typed.coverage == 1.0 > caption.coverage > transcript.coverage > 0.5
    sources = [score.details for score in (typed, caption, transcript)]
    assert sources == [TextDetails(1, source) for source in ("chat", "caption", "transcript")]


async def test_a_line_becomes_a_calibrated_score_at_its_time(model: Model) -> None:
    async with analyser(model) as text:
        reading = await text.score(TextLine(at=12.5, body="I love this, thank you so much!"))
    score = reading.score
    assert score is not None
    assert (score.modality, score.start, score.end) == (Modality.TEXT, 12.5, 12.5)
    assert (score.coverage, score.details) == (1.0, TextDetails(lines=1, source="chat"))
    assert score.probs.shape == (CLASSES,)
    assert score.probs.sum() == pytest.approx(1.0, abs=1e-5)
    assert score.probs.argmax() == Emotion.HAPPY
    assert score.infer_ms > 0


@pytest.mark.parametrize("body", ["", " \n", "\x00\u200b", "https://example.org", "ꙮ"])
async def test_a_line_with_nothing_to_score_never_reaches_the_model(
    body: str, model: Model
) -> None:
    full = BatchLimits(buckets=(1,), max_wait=0.0, max_pending=0, use_by=30.0)
    async with analyser(model, full) as text:
        assert await text.score(TextLine(0.0, body)) == TextReading(None)


async def test_another_language_is_named_and_never_reaches_the_model(model: Model) -> None:
    full = BatchLimits(buckets=(1,), max_wait=0.0, max_pending=0, use_by=30.0)
    async with analyser(model, full, LanguageCheck(LANGUAGES)) as text:
        reading = await text.score(TextLine(0.0, "Ich bin so wütend auf dich"))
    assert reading == TextReading(None, (Quality.UNSUPPORTED_LANGUAGE,))


async def test_without_a_check_of_languages_every_line_is_scored(model: Model) -> None:
    async with analyser(model) as text:
        reading = await text.score(TextLine(0.0, "Ich bin so wütend auf dich"))
    assert reading.score is not None


@given(line=st.text(st.one_of(st.characters(), st.sampled_from("aeы@:/ 😂\u200d\ud800"))))
@settings(max_examples=60, deadline=None)
def test_whatever_is_written_is_scored_or_is_nothing(
    line: str, model: Model, tokenizer: Tokenizer, languages: LanguageCheck
) -> None:
    assert languages.foreign(line) in (True, False)
    arrays = encode(clean(line), tokenizer)
    if arrays is not None:
        batch = {name: values[np.newaxis] for name, values in arrays.items()}
        assert np.isfinite(model.run(batch)["logits"]).all()


async def test_a_full_queue_is_told_to_the_caller(model: Model) -> None:
    full = BatchLimits(buckets=(1,), max_wait=0.0, max_pending=0, use_by=30.0)
    async with analyser(model, full) as text:
        with pytest.raises(NotRunError) as refused:
            await text.score(TextLine(0.0, "hello"))
    assert refused.value.reason is DropReason.OVERLOADED


async def test_lines_scored_together_are_scored_as_if_alone(model: Model) -> None:
    bodies = ["I hate you", "What?! I did not expect that at all", "The train leaves at nine."]
    together = BatchLimits(buckets=(1, 4), max_wait=0.05, max_pending=8, use_by=30.0)
    async with analyser(model) as text:
        alone = [await text.score(TextLine(0.0, body)) for body in bodies]
    async with analyser(model, together) as text, asyncio.TaskGroup() as group:
        tasks = [group.create_task(text.score(TextLine(0.0, body))) for body in bodies]
    for single, task in zip(alone, tasks, strict=True):
        batched = task.result().score
        assert single.score is not None
        assert batched is not None
        assert batched.batch_size == len(bodies)
        np.testing.assert_allclose(batched.probs, single.score.probs, atol=1e-4)


def test_rows_that_only_fill_a_bucket_are_finite(model: Model) -> None:
    zeros: Arrays = {name: np.zeros((4, 9), np.int64) for name in ("input_ids", "attention_mask")}
    assert np.isfinite(model.run(zeros)["logits"]).all()
