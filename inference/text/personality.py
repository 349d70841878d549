"""The traits of one session: lines in, chunks of them to the model, sums of what it says."""

from collections.abc import Iterator, Sequence

import numpy as np
from tokenizers import Tokenizer

from esapr.inference.cards import Arrays, ModelCard
from esapr.inference.scoring import Scorer
from esapr.inference.text.clean import clean
from esapr.inference.text.expression import read_tokenizer
from esapr.inference.text.traits import CLS, SEP, Chunks, Priors, Token, TraitSums, words_in


def read_whole_tokenizer(card: ModelCard) -> Tokenizer:
    """Return the tokenizer that lies beside a model, for texts of any length.

    Raises:
        HashMismatchError: it is not the one of the card.
    """
    tokenizer = read_tokenizer(card)
    tokenizer.no_truncation()
    return tokenizer


def arrays_of(chunk: Sequence[Token]) -> Arrays:
    """Return ``input_ids`` and ``attention_mask``, int64 ``[tokens]``, of a chunk."""
    ids = np.array([CLS, *(token.id for token in chunk), SEP], np.int64)
    return {"input_ids": ids, "attention_mask": np.ones_like(ids)}


class TraitReader:
    """Reads what one person writes, a chunk at a time, whoever else's chunks are in the batch."""

    def __init__(
        self,
        personality: Scorer[Arrays, Arrays],
        tokenizer: Tokenizer,
        priors: Priors,
        *,
        session: str,
    ) -> None:
        """Share ``personality`` and ``tokenizer`` with every session."""
        self._personality = personality
        self._tokenizer = tokenizer
        self._session = session
        self._chunks = Chunks()
        self.sums = TraitSums(priors)
        """What was read so far."""

    def line(self, body: str) -> Iterator[Sequence[Token]]:
        """Take in a line; yield every chunk that is full, for :meth:`read`."""
        encoding = self._tokenizer.encode(clean(body), add_special_tokens=False)
        return self._chunks.add(encoding.ids, encoding.tokens)

    def rest(self) -> Iterator[Sequence[Token]]:
        """Yield the chunk that will not become full, if there is one."""
        return self._chunks.rest()

    async def read(self, chunk: Sequence[Token]) -> None:
        """Add what the model says of a chunk.

        Raises:
            NotRunError: the model's queue is full or the chunk went stale in it.
            BatchFailedError: the model failed on this chunk's batch.
        """
        scored = await self._personality.score(arrays_of(chunk), session=self._session)
        self.sums.add(scored.value["traits"], words_in(chunk))
