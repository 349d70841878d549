"""Fine-tune MiniLM-L6 on GoEmotions and XED.

Run ``python -m esapr.models_onnx.training.text.train_expression``: about half an hour on one idle
AVX512-BF16 core. A run that was stopped goes on from its last checkpoint, which is in
``build/training/text_expression``.
"""

import argparse
import json
import random
from pathlib import Path
from typing import Any

import numpy as np
import torch
from tokenizers import Tokenizer
from torch import Tensor
from torch.nn.functional import cross_entropy
from tqdm import tqdm

from esapr.models_onnx.evaluation.metrics import accuracy, macro_f1
from esapr.models_onnx.training.folders import run_folder
from esapr.models_onnx.training.text.corpora import Corpus, goemotions, xed
from esapr.models_onnx.training.text.network import ExpressionNetwork, padded, tokenizer

BATCH = 32
LEARNING_RATE = 1e-4
WARM_UP_STEPS = 300
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
    """Return float32 logits ``[N, 7]`` of all rows, in their order."""
    network.eval()
    out = torch.empty(len(ids), network.head.out_features)
    by_length = sorted(range(len(ids)), key=lambda row: len(ids[row]))
    for start in range(0, len(ids), 128):
        rows = by_length[start : start + 128]
        with torch.autocast("cpu", torch.bfloat16):
            out[rows] = network(*padded([ids[row] for row in rows])).float()
    return out


def dev_scores(
    network: ExpressionNetwork, corpus: Corpus, ids: list[list[int]]
) -> dict[str, float]:
    """Return accuracy and macro-F1 on the rows of ``corpus`` that carry one label."""
    logits = logits_of(network, ids).numpy()[corpus.single]
    labels = corpus.labels.argmax(axis=1)[corpus.single]
    return {"accuracy": accuracy(logits, labels), "macro_f1": macro_f1(logits, labels)}


class Run:
    """The state of a run: network, optimiser, schedule and how many steps are done."""

    def __init__(self, folder: Path, steps: int) -> None:
        """Start at step zero, or where the last checkpoint in ``folder`` stopped."""
        self.network = ExpressionNetwork()
        weights = [p for p in self.network.parameters() if p.requires_grad]
        self.optimiser = torch.optim.AdamW(weights, lr=LEARNING_RATE, weight_decay=0.01)
        self.schedule = torch.optim.lr_scheduler.LambdaLR(
            self.optimiser,
            lambda done: min((done + 1) / WARM_UP_STEPS, max(0.0, (steps - done) / steps)),
        )
        self.done = 0
        self._file = folder / "checkpoint.pt"
        if self._file.exists():
            stored: dict[str, Any] = torch.load(self._file, weights_only=True)
            self.done = stored["done"]
            for name in ("network", "optimiser", "schedule"):
                getattr(self, name).load_state_dict(stored[name])

    def step(self, ids: Tensor, mask: Tensor, target: Tensor) -> float:
        """Take one step; return the loss."""
        self.network.train()
        with torch.autocast("cpu", torch.bfloat16):
            logits = self.network(ids, mask)
        loss = cross_entropy(logits.float(), target)
        self.optimiser.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(self.network.parameters(), 1.0)
        self.optimiser.step()
        self.schedule.step()
        self.done += 1
        return loss.item()

    def save(self) -> None:
        """Write the checkpoint; a crash half-way leaves the last one."""
        partial = self._file.with_suffix(".partial")
        state = {
            name: getattr(self, name).state_dict() for name in ("network", "optimiser", "schedule")
        }
        torch.save({"done": self.done, **state}, partial)
        partial.replace(self._file)


def train(epochs: int) -> None:
    """Train, keep the epoch with the best dev macro-F1 in ``best.pt``, log to ``history.jsonl``."""
    torch.set_num_threads(1)
    torch.manual_seed(7)
    folder = run_folder("text_expression")
    words = tokenizer()
    corpus = goemotions("train") + xed("train")
    ids, targets = token_ids(corpus.texts, words), torch.from_numpy(corpus.soft)
    dev = {"goemotions": goemotions("dev"), "xed": xed("dev")}
    dev_ids = {name: token_ids(part.texts, words) for name, part in dev.items()}
    plan = [b for epoch in range(epochs) for b in bucketed(list(map(len, ids)), epoch)]
    run = Run(folder, len(plan))
    losses: list[float] = []
    for batch in (
        progress := tqdm(plan[run.done :], initial=run.done, total=len(plan), mininterval=10)
    ):
        losses.append(run.step(*padded([ids[row] for row in batch]), targets[batch]))
        if run.done % CHECKPOINT_STEPS == 0:
            run.save()
            progress.set_postfix(loss=f"{np.mean(losses[-CHECKPOINT_STEPS:]):.3f}")
        if run.done % (len(plan) // epochs) == 0:
            scores = {name: dev_scores(run.network, dev[name], dev_ids[name]) for name in dev}
            _keep(folder, run, {"step": run.done, "loss": float(np.mean(losses[-1000:])), **scores})


def _keep(folder: Path, run: Run, scores: dict[str, Any]) -> None:
    """Append ``scores`` to the history; store the weights if none before were as good on dev."""
    history = folder / "history.jsonl"
    past = history.read_text().splitlines() if history.exists() else []
    best = max((json.loads(line)["goemotions"]["macro_f1"] for line in past), default=0.0)
    if scores["goemotions"]["macro_f1"] > best:
        torch.save(run.network.state_dict(), folder / "best.pt")
    history.write_text("\n".join([*past, json.dumps(scores)]) + "\n")
    tqdm.write(json.dumps(scores))


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--epochs", type=int, default=2)
    train(parser.parse_args().epochs)
