"""The server's face pipeline without a server: for benches that count pictures, not sessions."""

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager

from esapr.inference.face.analyser import FaceAnalyser
from esapr.inference.face.expression import ExpressionReader
from esapr.inference.face.stages import DetectorStage, FaceStage
from esapr.inference.scoring import Scorer
from esapr.inference.stages import Network
from esapr.inference.workers import ThreadWorkers
from esapr.load_tests.bench.raw import Load
from esapr.load_tests.bench.repeated import Meter
from esapr.load_tests.bench.throughput import Observed

NETWORKS = ("face_detector", "face_landmarks", "face_expression")


@asynccontextmanager
async def face_analysers(
    models: Mapping[str, Load],
) -> AsyncIterator[Callable[[str], FaceAnalyser]]:
    """Run :data:`NETWORKS` on one thread; the function makes the analyser of a named session."""
    observed = Observed(Meter(0.0, 1.0))
    with ThreadWorkers(1) as workers:
        detect, read = _stages(models)
        detector, reader = Scorer(detect, workers, observed), Scorer(read, workers, observed)
        async with asyncio.TaskGroup() as group:
            running = [group.create_task(detector.run()), group.create_task(reader.run())]
            yield lambda session: FaceAnalyser(detector, reader, session=session)
            for task in running:
                task.cancel()


def _stages(models: Mapping[str, Load]) -> tuple[DetectorStage, FaceStage]:
    detector, landmarks, expression = (
        Network(name, models[name].model, models[name].model.card.batch) for name in NETWORKS
    )
    card = models["face_expression"].model.card
    reader = ExpressionReader(card.labels, card.calibration)
    return DetectorStage(detector), FaceStage(landmarks, expression, reader)
