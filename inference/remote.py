"""What models have in common whose batches are sent elsewhere: to a process, or to a cluster."""

from collections.abc import Sequence

from esapr.inference.cards import Arrays
from esapr.inference.devices import CPU, Device


class RemoteModel:
    """Takes any arrays: whoever runs them has the devices and their buffers."""

    __slots__ = ()

    @property
    def devices(self) -> Sequence[Device]:
        """One device to whoever forms batches."""
        return (CPU,)

    def inputs(self, rows: int, device: int = 0) -> Arrays | None:
        """Return None: batches are sent, whichever arrays they are."""
        return None
