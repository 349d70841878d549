"""Lines to arrays, with the tokenizer that is shipped."""

import json

import numpy as np
import pytest
from tokenizers import Tokenizer

from esapr.inference.cards import ModelCard
from esapr.inference.rows import stack
from esapr.inference.text.expression import MAX_TOKENS, encode, read_tokenizer
from esapr.models_onnx import ROOT

FOLDER = ROOT / "text_expression"


@pytest.fixture(scope="module")
def tokenizer() -> Tokenizer:
    return read_tokenizer(ModelCard.read(FOLDER))


def test_a_line_becomes_its_tokens_between_the_special_ones(tokenizer: Tokenizer) -> None:
    arrays = encode("I am glad", tokenizer)
    assert arrays is not None
    assert [tokenizer.id_to_token(i) for i in arrays["input_ids"]] == [
        "[CLS]",
        "i",
        "am",
        "glad",
        "[SEP]",
    ]
    assert {array.dtype for array in arrays.values()} == {np.dtype(np.int64)}
    assert arrays["attention_mask"].tolist() == [1] * 5


def test_case_does_not_count(tokenizer: Tokenizer) -> None:
    quiet, loud = encode("go away", tokenizer), encode("GO AWAY", tokenizer)
    assert quiet is not None
    assert loud is not None
    assert quiet["input_ids"].tolist() == loud["input_ids"].tolist()


def test_a_long_line_is_cut_and_keeps_its_end_mark(tokenizer: Tokenizer) -> None:
    arrays = encode("very " * 500, tokenizer)
    assert arrays is not None
    assert len(arrays["input_ids"]) == MAX_TOKENS
    assert arrays["input_ids"][-1] == tokenizer.token_to_id("[SEP]")


@pytest.mark.parametrize("text", ["", "ꙮ", "ꙮ ꙮ"])
def test_nothing_the_vocabulary_knows_is_nothing_to_score(text: str, tokenizer: Tokenizer) -> None:
    assert encode(text, tokenizer) is None


def test_the_zeros_that_pad_a_batch_are_padding(tokenizer: Tokenizer) -> None:
    assert tokenizer.token_to_id("[PAD]") == 0
    lines = [encode(text, tokenizer) for text in ("yes", "well, I never did")]
    batch = stack([line for line in lines if line is not None], rows=4)
    assert batch["input_ids"].shape == batch["attention_mask"].shape
    assert batch["attention_mask"].sum(axis=1).tolist() == [3, 7, 0, 0]


def test_the_shipped_tokenizer_neither_pads_nor_cuts_elsewhere() -> None:
    stored = json.loads((FOLDER / "tokenizer.json").read_text(encoding="utf-8"))
    assert stored["padding"] is None
    assert stored["truncation"]["max_length"] == MAX_TOKENS
