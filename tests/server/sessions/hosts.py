"""What a session finds around it on a gateway, for tests that run one alone."""

import os
from collections.abc import Callable
from pathlib import Path

from esapr.inference.fusion import FusionConfig
from esapr.server.config import ServerConfig
from esapr.server.metrics import Metrics
from esapr.server.pipeline import Pipeline
from esapr.server.records.recorder import NoRecorder
from esapr.server.sessions.host import Host
from esapr.server.sessions.outbox import Broadcast
from esapr.server.support.opening import open_help_lines
from esapr.server.trust.baselines import Baselines
from esapr.server.trust.notices import read_notices
from esapr.server.trust.signing import Signing


def host(
    pipeline: Pipeline,
    metrics: Metrics,
    publish: Callable[[Broadcast], object] = lambda item: None,
    owned: Callable[[], bool] = lambda: True,
    fusion: FusionConfig | None = None,
) -> Host:
    """Return a gateway that keeps no records and hands what a room gets to ``publish``."""
    return Host(
        config=ServerConfig(),
        pipeline=pipeline,
        metrics=metrics,
        notices=read_notices(None),
        publish=lambda _, item: publish(item),
        owned=owned,
        recorder=NoRecorder(),
        help_lines=open_help_lines(None),
        aftercare={},
        fusion=fusion or FusionConfig(),
        baselines=Baselines(
            Signing(Path(os.environ["ESAPR_STATE_DIR"], "signing_keys.json")), pipeline.versions
        ),
    )
