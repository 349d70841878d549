"""Our side of ``bench peers``: the server's face pipeline, under the contract of a contestant.

Frames are those of several sessions at a time, since that is what the server is for: every
session scores the whole clip, its own faces followed and its own blinks counted.
"""

import asyncio
import sys
import time
from typing import Any

import numpy as np

from esapr.inference.emotions import LABELS, label_order
from esapr.inference.face.analyser import FaceAnalyser
from esapr.inference.signals import VideoFrame
from esapr.load_tests.bench.contestant import Pictures, read_faces, read_frames, serve
from esapr.load_tests.bench.faces import NETWORKS, face_analysers
from esapr.load_tests.bench.raw import Load, loads

SESSIONS = 8
FPS = 15
BATCH = 64


def main(path: str, width: str, height: str, faces: str = "") -> None:
    """Load the models and answer."""
    frames, models = read_frames(path, width, height), loads(NETWORKS)
    for load in models.values():
        load.model.warm_up()
    serve(
        lambda: asyncio.run(_frames(models, frames)),
        lambda: _labels(models["face_expression"], read_faces(faces)),
    )


async def _frames(models: dict[str, Load], frames: Pictures) -> dict[str, Any]:
    async with face_analysers(models) as analyser:
        began = time.perf_counter()
        async with asyncio.TaskGroup() as sessions:
            found = [
                sessions.create_task(_session(analyser(f"{n}"), frames)) for n in range(SESSIONS)
            ]
        seconds = time.perf_counter() - began
    total = sum(task.result() for task in found)
    return {"frames": SESSIONS * len(frames), "found": total, "seconds": seconds}


async def _session(analyser: FaceAnalyser, frames: Pictures) -> int:
    readings = [await analyser.score(VideoFrame(n / FPS, rgb)) for n, rgb in enumerate(frames)]
    return sum(reading.score is not None for reading in readings)


def _labels(load: Load, faces: Pictures) -> dict[str, Any]:
    order = label_order(load.model.card.labels)
    logits = [
        load.model.run({"image": faces[start : start + BATCH, ..., None]})["logits"]
        for start in range(0, len(faces), BATCH)
    ]
    best = np.concatenate(logits)[:, order].argmax(axis=1)
    return {"labels": [LABELS[index] for index in best]}


if __name__ == "__main__":
    main(*sys.argv[1:])
