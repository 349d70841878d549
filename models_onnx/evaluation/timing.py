"""What a batch costs."""

import time

import numpy as np

from esapr.inference.cards import Arrays
from esapr.inference.models import Model

ROUNDS = 40


def milliseconds(model: Model, batch: Arrays) -> float:
    """Return the processor time of the calling thread for a batch: the lower quartile of forty.

    Other work on the machine only ever adds, hence no mean.
    """
    taken = []
    for _ in range(ROUNDS):
        started = time.thread_time()
        model.run(batch)
        taken.append(time.thread_time() - started)
    return round(float(np.quantile(taken, 0.25)) * 1e3, 2)
