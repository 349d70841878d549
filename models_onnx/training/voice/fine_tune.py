"""Train what lies on top of Whisper's layers: ``python -m …training.voice.fine_tune [NAME …]``.

Each network leaves some speakers out; a name says which (:data:`NETWORKS`). One that is trained is
kept, so a run that is stopped goes on with the next, and several can share the work.
"""

import argparse
import math
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
import torch
from threadpoolctl import threadpool_limits
from torch import Tensor
from torch.nn import functional
from tqdm import tqdm

from esapr.inference.emotions import Emotion
from esapr.models_onnx.evaluation.acted_speech import FOLDS, Clip
from esapr.models_onnx.evaluation.spoken_views import Samples, render
from esapr.models_onnx.training.folders import run_folder
from esapr.models_onnx.training.voice.adapters import Classifier, Constants, Spread
from esapr.models_onnx.training.voice.corpora import clips, sounds
from esapr.models_onnx.training.voice.features import Features, load, whole_tokens
from esapr.models_onnx.training.voice.folds import CHOICE, Speakers, trained
from esapr.models_onnx.training.voice.head import Head, flat
from esapr.models_onnx.training.voice.views import FINE_TUNED
from esapr.models_onnx.training.voice.whisper import base_variables

EPOCHS = 5
BATCH = 16
ADAPTER_RATE, HEAD_RATE = 5e-4, 1e-4
WARM_UP = 30
TESS_CLIPS = 300
"""Of an epoch, drawn anew: a fifth of what is heard, as for the discriminant."""

DROPOUT, SMOOTHING, DECAY, LARGEST_GRADIENT = 0.1, 0.05, 0.01, 1.0


@dataclass(frozen=True, slots=True)
class LeftOut:
    """Who is not heard: the actors of RAVDESS' ``folds``, and all of TESS if ``tess``."""

    folds: tuple[int, ...] = ()
    tess: bool = False


def without(*folds: int) -> str:
    """Return the name of the network that has heard all but the actors of ``folds``."""
    return "_".join(["without", *map(str, folds)])


NETWORKS: dict[str, LeftOut] = {
    **{without(fold): LeftOut((fold,)) for fold in range(len(FOLDS))},
    "everyone": LeftOut(),
    "without_tess": LeftOut(tess=True),
    **{without(fold, 3, 4): LeftOut((fold, 3, 4)) for fold in range(3)},
}
"""One a fold for the figures, the one that ships, one to which TESS is strange, and those whose
scores the fusion's weights are learned from, which have not heard the actors it is tested on."""


class Corpora:
    """The clips of both corpora with their samples, and their features under frozen layers."""

    def __init__(self) -> None:
        """Read the sounds."""
        self.ravdess, self.tess = (
            list(zip(chosen, sounds(chosen), strict=True))
            for chosen in (clips("ravdess"), clips("tess"))
        )

    @cached_property
    def _features(self) -> tuple[Features, Features]:
        return load("ravdess"), load("tess")

    @cached_property
    def _speakers(self) -> Speakers:
        return Speakers(*self._features)

    def seen(self, left_out: LeftOut) -> list[tuple[Clip, Samples]]:
        """Return the clips of RAVDESS that are not left out."""
        return [pair for pair in self.ravdess if pair[0].fold not in left_out.folds]

    def start(self, left_out: LeftOut) -> tuple[Head, Spread]:
        """Return the discriminant of those who are heard, and how their features are spread."""
        acted, tess = self._features
        strangers = tuple(set(tess.speaker)) if left_out.tess else ()
        with threadpool_limits(1):
            head = trained(self._speakers.without(left_out.folds, strangers), CHOICE)
        x = flat(acted)[~np.isin(acted.fold, left_out.folds)].astype(np.float32)
        return head, Spread(x.mean(axis=0), x.std(axis=0) + np.float32(1e-4))

    def epoch(self, left_out: LeftOut, number: int) -> Iterator["Batch"]:
        """Yield every clip that is heard in one random view, those of similar length together."""
        random = np.random.default_rng([number, *left_out.folds, int(left_out.tess)])
        heard = self.seen(left_out)
        if not left_out.tess:
            drawn = random.choice(len(self.tess), TESS_CLIPS, replace=False)
            heard += [self.tess[at] for at in drawn.tolist()]
        weights = _weights(self.ravdess) | _weights(self.tess)
        examples = []
        for clip, samples in heard:
            view = FINE_TUNED[random.integers(len(FINE_TUNED))]
            rendered = whole_tokens(render(view, samples, f"{clip.file} {number}"))
            examples.append((rendered, int(clip.emotion), weights[clip.corpus, clip.emotion]))
        # A tenth of a second of noise in the order: the same clips do not always share a batch.
        lengths = [len(samples) + random.integers(0, 1600) for samples, *_ in examples]
        order = np.argsort(lengths)
        for start in random.permutation(np.arange(0, len(order), BATCH)):
            yield Batch.of([examples[at] for at in order[start : start + BATCH]])


@dataclass(frozen=True, slots=True)
class Batch:
    """Clips padded with zeros: ``samples`` ``[N, T, 320]``, ``emotion`` and ``weight`` ``[N]``."""

    samples: Tensor
    emotion: Tensor
    weight: Tensor

    @classmethod
    def of(cls, examples: list[tuple[Samples, int, float]]) -> "Batch":
        """Pad ``examples``: samples, emotion, weight."""
        longest = max(len(samples) for samples, *_ in examples)
        padded = np.zeros((len(examples), longest), np.float32)
        for row, (samples, *_) in zip(padded, examples, strict=True):
            row[: len(samples)] = samples
        return cls(
            torch.from_numpy(padded).unflatten(1, (-1, 320)),
            torch.tensor([emotion for _, emotion, _ in examples]),
            torch.tensor([weight for *_, weight in examples], dtype=torch.float32),
        )


def network(corpora: Corpora, name: str) -> Constants:
    """Return what is trained without the speakers that ``name`` leaves out; it is kept."""
    path = kept(name)
    if not path.exists():
        constants = _fine_tuned(corpora, NETWORKS[name], name)
        partial = path.with_name(f"partial_{path.name}")
        np.savez_compressed(partial, allow_pickle=False, **constants)
        partial.rename(path)
    with np.load(path) as stored:
        return {key: stored[key].astype(np.float32) for key in stored.files}


def kept(name: str) -> Path:
    """Return where a trained network lies."""
    return run_folder("voice_expression") / f"network_{name}.npz"


def _fine_tuned(corpora: Corpora, left_out: LeftOut, name: str) -> Constants:
    torch.manual_seed(0)
    head, spread = corpora.start(left_out)
    model = Classifier(base_variables(), spread.apart(head)).train()
    mean, deviation = torch.from_numpy(spread.mean), torch.from_numpy(spread.deviation)
    adapters = [p for n, p in model.named_parameters() if p.requires_grad and ".layers." in n]
    rest = [p for n, p in model.named_parameters() if p.requires_grad and ".layers." not in n]
    groups = [{"params": adapters, "lr": ADAPTER_RATE}, {"params": rest, "lr": HEAD_RATE}]
    optimizer = torch.optim.AdamW(groups, betas=(0.9, 0.98), weight_decay=DECAY)
    heard = len(corpora.seen(left_out)) + (0 if left_out.tess else TESS_CLIPS)
    steps = EPOCHS * math.ceil(heard / BATCH)

    def rate(step: int) -> float:
        return min(1.0, (step + 1) / WARM_UP) * 0.5 * (1 + math.cos(math.pi * step / steps))

    schedule = torch.optim.lr_scheduler.LambdaLR(optimizer, rate)
    progress = tqdm(total=steps, desc=name, mininterval=10)
    for number in range(EPOCHS):
        for batch in corpora.epoch(left_out, number):
            features = (model.encoder.mixed(batch.samples.flatten(1)) - mean) / deviation
            logits = model.head(functional.dropout(features, DROPOUT))
            losses = functional.cross_entropy(
                logits, batch.emotion, reduction="none", label_smoothing=SMOOTHING
            )
            loss = (losses * batch.weight).mean()
            optimizer.zero_grad()
            loss.backward()
            torch.nn.utils.clip_grad_norm_([*adapters, *rest], LARGEST_GRADIENT)
            optimizer.step()
            schedule.step()
            progress.update()
            progress.set_postfix(epoch=number, loss=float(loss.detach()), refresh=False)
    constants = model.trained()
    together = spread.together(Head(constants["head.weight"], constants["head.bias"]))
    return constants | {"head.weight": together.weight, "head.bias": together.bias}


def _weights(corpus: list[tuple[Clip, Samples]]) -> dict[tuple[str, Emotion], float]:
    """Return what a clip of each class weighs: classes weigh the same, clips one on average."""
    counts = Counter((clip.corpus, clip.emotion) for clip, _ in corpus)
    return {key: len(corpus) / len(counts) / count for key, count in counts.items()}


def main() -> None:
    """Train the networks that the command line names, all by default."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help=", ".join(NETWORKS))
    names = parser.parse_args().names or list(NETWORKS)
    torch.set_num_threads(1)
    corpora = Corpora()
    for name in names:
        network(corpora, name)


if __name__ == "__main__":
    main()
