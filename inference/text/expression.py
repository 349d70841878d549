"""A cleaned line of text to the arrays that the expression model takes."""

import numpy as np
from tokenizers import Tokenizer

from esapr.inference.cards import Arrays, ModelCard

MAX_TOKENS = 64
"""Tokens scored, [CLS] and [SEP] included; 4 of 80,568 GoEmotions and XED lines are longer."""

_SPECIAL = 2


def read_tokenizer(card: ModelCard) -> Tokenizer:
    """Return the tokenizer that lies beside a model.

    Raises:
        HashMismatchError: it is not the one of the card.
    """
    return Tokenizer.from_str(card.file("tokenizer.json").decode())


def encode(text: str, tokenizer: Tokenizer) -> Arrays | None:
    """Return ``input_ids`` and ``attention_mask``, int64 ``[tokens]``, of one cleaned line.

    None when the line holds nothing the vocabulary knows: whatever the network made of a row of
    [UNK] would say nothing about the line.

    Nothing is padded here: a batch pads with zeros, which is the id of [PAD] and the mask of a
    token that is not attended to.
    """
    encoding = tokenizer.encode(text)
    if len(encoding.ids) <= _SPECIAL + encoding.tokens.count("[UNK]"):
        return None
    ids = np.array(encoding.ids, dtype=np.int64)
    return {"input_ids": ids, "attention_mask": np.ones_like(ids)}
