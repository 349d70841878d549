"""Fine-tune MiniLM-L6 on GoEmotions and XED.

Run ``python -m esapr.models_onnx.training.text.train_expression``: about three quarters of an hour
on one idle AVX512-BF16 core. A run that was stopped goes on from its last checkpoint, which is in
``build/training`` under the name of the run; the learning rate follows ``--epochs`` from there.
"""

import argparse
import itertools
import json
import math
import random
from pathlib import Path
from typing import Any

import numpy as np
import torch
from tokenizers import Tokenizer
from torch import Tensor
from tqdm import tqdm

from esapr.inference.emotions import CLASSES
from esapr.models_onnx.evaluation.metrics import accuracy, macro_f1
from esapr.models_onnx.training import checkpoints
from esapr.models_onnx.training.folders import run_folder
from esapr.models_onnx.training.text.corpora import Corpus, goemotions, xed
from esapr.models_onnx.training.text.network import ExpressionNetwork, folded, padded, tokenizer

BATCH = 32
LEARNING_RATE = 1e-4
WARM_UP_STEPS = 300
AVERAGING = 0.999
"""Share of the averaged weights that a step leaves (Polyak & Juditsky 1992), once many are done."""
SPECIAL_IDS = 999
"""Ids up to here are [PAD], [UNK], [CLS], [SEP], [MASK] and unused ones (BERT's vocabulary)."""
MASK_ID = 103
FORGOTTEN_WORDS = 0.1
"""Share of the tokens that training hides: 43,000 lines are soon known by heart."""
CHECKPOINT_STEPS = 250


def token_ids(texts: list[str], words: Tokenizer) -> list[list[int]]:
    """Return the token ids of every line, unpadded."""
    return [encoding.ids for encoding in words.encode_batch(texts)]


def bucketed(lengths: list[int], seed: int) -> list[list[int]]:
    """Return one epoch of batches of row numbers; a batch holds rows of similar length.

    Rows are shuffled, sorted by length within pools of 50 batches, and the batches shuffled, so
    that little is spent on padding and the order still differs between epochs.
    """
    order = random.Random(seed)
    rows = list(range(len(lengths)))
    order.shuffle(rows)
    pool = 50 * BATCH
    batches = []
    for start in range(0, len(rows), pool):
        part = sorted(rows[start : start + pool], key=lengths.__getitem__)
        batches += [part[i : i + BATCH] for i in range(0, len(part), BATCH)]
    order.shuffle(batches)
    return batches


@torch.inference_mode()
def logits_of(network: ExpressionNetwork, ids: list[list[int]]) -> Tensor:
    """Return float32 ``[2, N, 7]``: of all rows, in their order, as written and as spoken lines."""
    network.eval()
    out = torch.empty(2, len(ids), CLASSES)
    by_length = sorted(range(len(ids)), key=lambda row: len(ids[row]))
    for start in range(0, len(ids), 128):
        rows = by_length[start : start + 128]
        with torch.autocast("cpu", torch.bfloat16):
            out[:, rows] = torch.stack(network(*padded([ids[row] for row in rows])))
    return out


def dev_scores(logits: Tensor, corpus: Corpus) -> dict[str, float]:
    """Return accuracy and macro-F1 of logits ``[N, 7]`` on the rows that carry one label."""
    found = logits.numpy()[corpus.single]
    labels = corpus.labels.argmax(axis=1)[corpus.single]
    return {"accuracy": accuracy(found, labels), "macro_f1": macro_f1(found, labels)}


def with_gaps(ids: Tensor) -> Tensor:
    """Return ``ids`` ``[batch, tokens]`` with a share of the words hidden by [MASK]."""
    hidden = (torch.rand(ids.shape) < FORGOTTEN_WORDS) & (ids > SPECIAL_IDS)
    return torch.where(hidden, MASK_ID, ids)


def loss_of(fine_log: Tensor, spoken_log: Tensor, soft: Tensor, fine: Tensor) -> Tensor:
    """Return the mean cross-entropy of a batch.

    Rows with fine labels teach the layer of written lines, which is asked for them and for what
    they are folded into; rows without, all zero, teach that of spoken lines.
    """
    shown = fine.sum(dim=1)
    apart = -(fine / shown.clamp(min=1)[:, None] * fine_log).sum(dim=1)
    written = 0.5 * apart - (soft * folded(fine_log)).sum(dim=1)
    spoken = -(soft * spoken_log).sum(dim=1)
    return torch.where(shown > 0, written, spoken).mean()


class Run:
    """The state of a run: network, average of its weights, optimiser, schedule, steps done."""

    STORED = ("network", "averaged", "optimiser", "schedule")

    def __init__(self, folder: Path, steps: int) -> None:
        """Start at step zero, or where the last checkpoint in ``folder`` stopped."""
        self.network = ExpressionNetwork()
        self.averaged = ExpressionNetwork().eval()
        self.averaged.load_state_dict(self.network.state_dict())
        weights = [p for p in self.network.parameters() if p.requires_grad]
        self.optimiser = torch.optim.AdamW(weights, lr=LEARNING_RATE, weight_decay=0.01)
        self.schedule = torch.optim.lr_scheduler.LambdaLR(
            self.optimiser,
            lambda done: min((done + 1) / WARM_UP_STEPS, max(0.0, (steps - done) / steps)),
        )
        self.done = 0
        self._folder = folder
        if stored := checkpoints.load(folder):
            self.done = stored["done"]
            for name in self.STORED:
                getattr(self, name).load_state_dict(stored[name])

    def step(self, ids: Tensor, mask: Tensor, soft: Tensor, fine: Tensor) -> float:
        """Take one step towards labels ``[batch, 7]`` and ``[batch, 28]``; return the loss."""
        self.network.train()
        with torch.autocast("cpu", torch.bfloat16):
            found = self.network.heads(with_gaps(ids), mask)
        loss = loss_of(*found, soft, fine)
        self.optimiser.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(self.network.parameters(), 1.0)
        self.optimiser.step()
        self.schedule.step()
        self.done += 1
        self._average()
        return loss.item()

    @torch.no_grad()
    def _average(self) -> None:
        keep = min(AVERAGING, (1 + self.done) / (10 + self.done))
        pairs = zip(self.averaged.parameters(), self.network.parameters(), strict=True)
        for average, current in pairs:
            if current.requires_grad:
                average.lerp_(current, 1 - keep)

    def save(self) -> None:
        """Write the checkpoint."""
        state = {name: getattr(self, name).state_dict() for name in self.STORED}
        checkpoints.save(self._folder, {"done": self.done, **state})


def train(epochs: float, name: str) -> None:
    """Train, keep the epoch with the best dev macro-F1 in ``best.pt``, log to ``history.jsonl``."""
    torch.set_num_threads(1)
    torch.manual_seed(7)
    folder = run_folder(name)
    corpus = goemotions("train") + xed("train")
    ids = token_ids(corpus.texts, tokenizer())
    soft, fine = torch.from_numpy(corpus.soft), torch.from_numpy(corpus.fine)
    shown = [bucketed(list(map(len, ids)), epoch) for epoch in range(math.ceil(epochs))]
    plan = list(itertools.chain(*shown))[: round(epochs * len(shown[0]))]
    run = Run(folder, len(plan))
    losses: list[float] = []
    for batch in (
        progress := tqdm(plan[run.done :], initial=run.done, total=len(plan), mininterval=10)
    ):
        losses.append(run.step(*padded([ids[row] for row in batch]), soft[batch], fine[batch]))
        if run.done % CHECKPOINT_STEPS == 0:
            run.save()
            progress.set_postfix(loss=f"{np.mean(losses[-CHECKPOINT_STEPS:]):.3f}")
        if run.done % len(shown[0]) == 0 or run.done == len(plan):
            _keep(folder, run, float(np.mean(losses[-1000:])))


def _keep(folder: Path, run: Run, loss: float) -> None:
    """Append dev scores to the history; store the weights if none before were as good."""
    scores: dict[str, Any] = {"step": run.done, "loss": loss}
    for name, corpus, layer in (("goemotions", goemotions("dev"), 0), ("xed", xed("dev"), 1)):
        found = logits_of(run.averaged, token_ids(corpus.texts, tokenizer()))
        scores[name] = dev_scores(found[layer], corpus)
    history = folder / "history.jsonl"
    past = history.read_text().splitlines() if history.exists() else []
    best = max((json.loads(line)["goemotions"]["macro_f1"] for line in past), default=0.0)
    if scores["goemotions"]["macro_f1"] > best:
        torch.save(run.averaged.state_dict(), folder / "best.pt")
    history.write_text("\n".join([*past, json.dumps(scores)]) + "\n")
    tqdm.write(json.dumps(scores))


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--epochs", type=float, default=2.3)
    parser.add_argument("--run", default="text_expression", help="name of the run's folder")
    arguments = parser.parse_args()
    train(arguments.epochs, arguments.run)
