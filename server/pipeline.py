"""The seven models behind their scorers, shared by all sessions."""

import asyncio
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from tokenizers import Tokenizer

from esapr.inference.cards import ModelCard, ModelError
from esapr.inference.devices import CPU, Device, GpuOptions
from esapr.inference.face.analyser import FaceAnalyser
from esapr.inference.face.expression import ExpressionReader
from esapr.inference.face.stages import DetectorStage, FaceStage, IrisStage
from esapr.inference.models import Model
from esapr.inference.scoring import Scorer, ScorerObserver
from esapr.inference.signals import Modality
from esapr.inference.stages import BatchModel, Network, Rows
from esapr.inference.text.analyser import TextAnalyser
from esapr.inference.text.expression import read_tokenizer
from esapr.inference.text.language import language_check
from esapr.inference.text.personality import TraitReader, read_whole_tokenizer
from esapr.inference.text.traits import Priors
from esapr.inference.voice.analyser import VoiceAnalyser
from esapr.inference.voice.stages import ActivityStage
from esapr.inference.workers import ThreadWorkers
from esapr.models_onnx import LANGUAGES
from esapr.server.metrics import Metrics
from esapr.server.tracing import NOT_TRACED, Tracing

EXPRESSION_MODELS = {
    Modality.FACE: "face_expression",
    Modality.VOICE: "voice_expression",
    Modality.TEXT: "text_expression",
}
NEEDED = frozenset(
    {
        *("face_detector", "face_landmarks", "eye_iris", "voice_activity", "text_personality"),
        *EXPRESSION_MODELS.values(),
    }
)


class InstalledModel(BatchModel, Protocol):
    """A model that can be served, wherever it runs."""

    @property
    def card(self) -> ModelCard:
        """What the model is and how it is batched."""

    @property
    def devices(self) -> Sequence[Device]:
        """Where it runs."""

    def warm_up(self, device: int) -> None:
        """Run every batch bucket on the device of that index; blocks."""


@dataclass(frozen=True, slots=True)
class Analysers:
    """One session's analysers; ``traits`` are read of whoever agreed to it."""

    face: FaceAnalyser
    voice: VoiceAnalyser
    text: TextAnalyser
    traits: TraitReader | None


def load_models(
    folders: Mapping[str, Path],
    devices: Sequence[Device] = (CPU,),
    gpu: GpuOptions = GpuOptions(),  # noqa: B008  # frozen
) -> dict[str, Model]:
    """Load every model, by name, on every device, with one thread a batch.

    Raises:
        ModelError: a model folder is damaged.
    """
    return {
        name: Model(ModelCard.read(folder), devices=devices, gpu=gpu)
        for name, folder in folders.items()
    }


class Pipeline:
    """Batches the work of all sessions."""

    def __init__(
        self,
        models: Mapping[str, InstalledModel],
        workers: ThreadWorkers,
        observer: ScorerObserver,
        tracing: Tracing = NOT_TRACED,
        *,
        any_language: bool = False,
    ) -> None:
        """Run batches of ``models`` on ``workers``; score lines of ``any_language``, or of English.

        Raises:
            ModelError: a model that is needed is not installed, or damaged.
        """
        missing = NEEDED - models.keys()
        if missing:
            raise ModelError(f"not installed: {', '.join(sorted(missing))}")
        self.cards = {name: model.card for name, model in models.items()}
        self._models = models
        self.tracing = tracing
        """What follows the work of sessions."""
        self._workers = workers
        self._tokenizer = read_tokenizer(self.cards[EXPRESSION_MODELS[Modality.TEXT]])
        self._languages = None if any_language else language_check(LANGUAGES)
        self._reading = _reading(self.cards["text_personality"])
        networks = {name: Network(name, model, model.card.batch) for name, model in models.items()}
        shared = (workers, observer, tracing.batches)
        self._faces = Scorer(DetectorStage(networks["face_detector"]), *shared)
        self._face = Scorer(self._face_stage(networks), *shared)
        self._eyes = Scorer(IrisStage(networks["eye_iris"]), *shared)
        self._activity = Scorer(ActivityStage(networks["voice_activity"]), *shared)
        self._voice = Scorer(Rows(networks["voice_expression"]), *shared)
        self._text = Scorer(Rows(networks["text_expression"]), *shared)
        self._personality = Scorer(Rows(networks["text_personality"]), *shared)
        faces = self._faces, self._face, self._eyes
        self._scorers = (*faces, self._activity, self._voice, self._text, self._personality)

    def _face_stage(self, networks: Mapping[str, Network]) -> FaceStage:
        card = self.cards[EXPRESSION_MODELS[Modality.FACE]]
        reader = ExpressionReader(card.labels, card.calibration)
        return FaceStage(networks["face_landmarks"], networks[card.name], reader)

    @property
    def versions(self) -> dict[str, str]:
        """The version of each modality's expression model, as states name it."""
        return {
            modality.value: f"{name}@{self.cards[name].version}"
            for modality, name in EXPRESSION_MODELS.items()
        }

    def pending(self) -> dict[str, int]:
        """Return how many items wait for each model."""
        return {scorer.name: scorer.pending for scorer in self._scorers}

    def devices(self) -> dict[str, bool]:
        """Return whether each device in use takes batches, by name."""
        devices = next(iter(self._models.values())).devices
        names = [device.name for device in devices]
        return dict(zip(names, self._workers.ready, strict=False))

    async def warm_up(self) -> None:
        """Run every batch bucket of every model on every device, on the threads that use them."""
        await self._workers.on_each_device(self._warm_up)

    def _warm_up(self, device: int) -> None:
        for model in self._models.values():
            model.warm_up(device)

    async def run(self) -> None:
        """Form and run batches until cancelled."""
        async with asyncio.TaskGroup() as group:
            for scorer in self._scorers:
                group.create_task(scorer.run())

    def analysers(self, session: str, *, traits: bool = False) -> Analysers:
        """Return fresh analysers for one session, of ``traits`` where that was agreed to."""
        return Analysers(
            face=FaceAnalyser(self._faces, self._face, self._eyes, session=session),
            voice=VoiceAnalyser(
                self._activity,
                self._voice,
                session=session,
                calibration=self.cards["voice_expression"].calibration,
            ),
            text=TextAnalyser(
                self._text,
                self._tokenizer,
                session=session,
                calibration=self.cards["text_expression"].calibration,
                languages=self._languages,
            ),
            traits=self._traits(session) if traits else None,
        )

    def _traits(self, session: str) -> TraitReader:
        return TraitReader(self._personality, *self._reading, session=session)


def _reading(card: ModelCard) -> tuple[Tokenizer, Priors]:
    return read_whole_tokenizer(card), Priors.read(card)


@contextmanager
def running_pipeline(
    models: Mapping[str, InstalledModel],
    threads: int,
    metrics: Metrics,
    tracing: Tracing = NOT_TRACED,
    *,
    any_language: bool = False,
) -> Iterator[Pipeline]:
    """Start ``threads`` worker threads on the processor, or one for each GPU, and end them.

    Raises:
        ModelError: a model that is needed is not installed.
    """
    devices = next(iter(models.values())).devices
    on_gpus = any(device.bound for device in devices)

    def prepare(device: int) -> None:
        for model in models.values():
            if isinstance(model, Model):
                model.reopen(device)

    with ThreadWorkers(
        1 if on_gpus else threads,
        devices=len(devices) if on_gpus else 1,
        prepare=prepare if on_gpus else None,
        on_restart=metrics.batches.worker_restarts.inc,
    ) as workers:
        yield Pipeline(models, workers, metrics, tracing, any_language=any_language)
