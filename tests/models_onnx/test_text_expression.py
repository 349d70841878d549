"""The shipped text model: its folder, and sentences whose expression no reader doubts."""

import numpy as np
import pytest
from tokenizers import Tokenizer

from esapr.inference.calibration import calibrated
from esapr.inference.cards import ModelCard
from esapr.inference.emotions import LABELS, Emotion, Scores
from esapr.inference.models import Model
from esapr.inference.text.clean import clean
from esapr.inference.text.expression import encode, read_tokenizer
from esapr.models_onnx import ROOT

FOLDER = ROOT / "text_expression"


@pytest.fixture(scope="module")
def model() -> Model:
    return Model(ModelCard.read(FOLDER))


@pytest.fixture(scope="module")
def tokenizer() -> Tokenizer:
    return read_tokenizer(ModelCard.read(FOLDER))


def probs(line: str, model: Model, tokenizer: Tokenizer, output: str = "logits") -> Scores:
    arrays = encode(clean(line), tokenizer)
    assert arrays is not None
    batch = {name: values[np.newaxis] for name, values in arrays.items()}
    return calibrated(model.run(batch)[output][0], model.card.calibration)


def test_the_graph_is_the_one_on_the_card(model: Model) -> None:
    assert model.verify() <= model.card.parity_tolerance
    assert model.card.labels == LABELS


@pytest.mark.parametrize(
    ("line", "shown"),
    [
        ("I love this, thank you so much!", Emotion.HAPPY),
        ("I am so angry at you right now", Emotion.ANGRY),
        ("This is disgusting, it makes me want to vomit", Emotion.DISGUST),
        ("I'm scared to walk home alone", Emotion.FEAR),
        ("I miss her so much, I can't stop crying", Emotion.SAD),
        ("Wow, I did not see that coming!", Emotion.SURPRISE),
        ("The meeting is at three in room four.", Emotion.NEUTRAL),
    ],
)
def test_plain_sentences(line: str, shown: Emotion, model: Model, tokenizer: Tokenizer) -> None:
    assert probs(line, model, tokenizer).argmax() == shown


@pytest.mark.parametrize(
    ("line", "shown"),
    [
        ("Thank you. That is wonderful.", Emotion.HAPPY),
        ("Get out of my house!", Emotion.ANGRY),
        ("That's disgusting.", Emotion.DISGUST),
        ("I'm scared.", Emotion.FEAR),
        ("I miss her so much.", Emotion.SAD),
        ("Really? I had no idea!", Emotion.SURPRISE),
        ("The train leaves at nine.", Emotion.NEUTRAL),
    ],
)
def test_what_is_said(line: str, shown: Emotion, model: Model, tokenizer: Tokenizer) -> None:
    assert probs(line, model, tokenizer, "spoken_logits").argmax() == shown


@pytest.mark.parametrize(
    "line",
    [
        "I am not happy",
        "I'm not happy about this at all",
        "this is not good",
        "it wasn't fun",
        "never been less excited",
    ],
)
def test_joy_denied_is_not_joy(line: str, model: Model, tokenizer: Tokenizer) -> None:
    assert probs(line, model, tokenizer).argmax() != Emotion.HAPPY


@pytest.mark.parametrize(
    ("line", "shown"),
    [
        ("\N{FACE WITH TEARS OF JOY}" * 3, Emotion.HAPPY),
        ("\N{FACE SCREAMING IN FEAR}", Emotion.FEAR),
        ("lmao that's hilarious", Emotion.HAPPY),
        ("omg", Emotion.SURPRISE),
        ("wtf", Emotion.ANGRY),
        ("I HATE THIS", Emotion.ANGRY),
        ("sooooooo happyyyyyyy", Emotion.HAPPY),
        ("i love this", Emotion.HAPPY),
        ("I LOVE THIS", Emotion.HAPPY),
        ("i am so scared", Emotion.FEAR),
        ("I AM SO SCARED", Emotion.FEAR),
        ("\N{PARTY POPPER}", Emotion.HAPPY),
        ("\N{HEAVY BLACK HEART}\ufe0f", Emotion.HAPPY),
        (":)", Emotion.HAPPY),
        ("\N{LOUDLY CRYING FACE}", Emotion.SAD),
        (":(", Emotion.SAD),
        ("\N{SERIOUS FACE WITH SYMBOLS COVERING MOUTH}", Emotion.ANGRY),
        ("\N{NAUSEATED FACE}\N{NAUSEATED FACE}", Emotion.DISGUST),
        ("\N{ASTONISHED FACE}", Emotion.SURPRISE),
        ("tysm", Emotion.HAPPY),
        ("gr8 job", Emotion.HAPPY),
        ("i h8 u", Emotion.ANGRY),
        ("i am so hapy", Emotion.HAPPY),
        ("im scard", Emotion.FEAR),
        ("i mis her so mcuh", Emotion.SAD),
    ],
)
def test_chat_as_it_is_written(
    line: str, shown: Emotion, model: Model, tokenizer: Tokenizer
) -> None:
    assert probs(line, model, tokenizer).argmax() == shown


def test_each_bucket_is_warmed(model: Model) -> None:
    model.warm_up()
