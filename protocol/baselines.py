"""A person's own neutral: how it is captured, handed out and brought back."""

from typing import Annotated

from msgspec import Meta, Struct

from esapr.protocol import limits

CaptureMs = Annotated[
    int, Meta(ge=limits.MIN_BASELINE_SECONDS * 1000, le=limits.MAX_BASELINE_SECONDS * 1000)
]
Blob = Annotated[str, Meta(min_length=1, max_length=limits.MAX_BASELINE_CHARACTERS)]


class BaselineStart(Struct, frozen=True, forbid_unknown_fields=True, tag="baseline.start"):
    """Capture what the person shows while neutral, for ``capture_ms`` from now on.

    It needs ``baseline`` in the receipt's ``covers``. One that is under way begins anew.
    """

    capture_ms: CaptureMs = limits.DEFAULT_BASELINE_SECONDS * 1000


class BaselineLoad(Struct, frozen=True, forbid_unknown_fields=True, tag="baseline.load"):
    """Bring back what :class:`BaselineCaptured` has handed out, in a session of the same person."""

    blob: Blob


class BaselineCaptured(Struct, frozen=True, tag="baseline.captured"):
    """Answer to :class:`BaselineStart` when the time is over: the baseline is in effect.

    ``seconds`` of evidence there were of each modality. ``blob`` is for the client to keep until
    ``expires_ms`` of Unix time; the server keeps nothing.
    """

    session: str
    seconds: dict[str, float]
    blob: str
    expires_ms: int
