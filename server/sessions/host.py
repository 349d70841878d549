"""What a session finds at its gateway."""

from collections.abc import Callable
from dataclasses import dataclass

from esapr.server.config import ServerConfig
from esapr.server.metrics import Metrics
from esapr.server.pipeline import Pipeline
from esapr.server.records.recorder import Recorder
from esapr.server.sessions.outbox import Broadcast


@dataclass(frozen=True, slots=True)
class Host:
    """What a session finds at its gateway.

    ``publish`` takes a room's name and a message; ``owned`` says whether the gateway may still
    speak for its sessions; ``recorder`` keeps what they say.
    """

    config: ServerConfig
    pipeline: Pipeline
    metrics: Metrics
    publish: Callable[[str, Broadcast], None]
    owned: Callable[[], bool]
    recorder: Recorder
