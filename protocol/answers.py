"""Bodies of HTTP answers that speak of a session or the process."""

from typing import Literal

from msgspec import Struct

from esapr.protocol.messages import Totals
from esapr.protocol.requests import Modality

Source = Literal["none", "webrtc", "messages"]


class SessionInfo(Struct, frozen=True):
    """Answer to ``GET /v1/sessions/{session}``: what the session is doing.

    ``t_ms`` is the session clock; ``media`` says how pictures and sound come in.
    """

    session_id: str
    participant: str
    t_ms: int
    tick_ms: int
    modalities: list[Modality]
    media: Source
    feeds: int
    totals: Totals


class Health(Struct, frozen=True):
    """Answer to ``GET /healthz``, ``GET /readyz`` and ``POST /v1/admin/drain``."""

    status: Literal["ok", "ready", "warming_up", "draining"]
