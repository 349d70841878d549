"""Which device takes the next batch: a pure function. No clock, no threads, no I/O."""

from collections.abc import Sequence


def least_loaded(batches: Sequence[int | None], last: int) -> int | None:
    """Return the index of the device with the fewest batches, or None if all of them are out.

    Args:
        batches: how many batches each device has; None for a device that is out.
        last: the device that took the previous batch. Among equals the next one after it is
            taken, so that idle devices take turns.
    """
    count = len(batches)
    turns = ((last + step) % count for step in range(1, count + 1))
    loads = {device: load for device in turns if (load := batches[device]) is not None}
    return min(loads, key=loads.__getitem__, default=None)
