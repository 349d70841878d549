"""Baselines as their people hold them: signed, and bound to a person, a partner and the models."""

from collections.abc import Mapping
from datetime import timedelta
from hashlib import sha256

from msgspec import Struct

from esapr.inference.baseline import Baseline, recalled
from esapr.protocol import limits
from esapr.protocol.errors import ErrorCode, ProtocolError
from esapr.protocol.requests import SessionRequest
from esapr.server.trust.signing import Signing

PURPOSE = "baseline"
LASTS = timedelta(days=limits.BASELINE_DAYS).total_seconds()


class Content(Struct, frozen=True):
    """What a blob says: ``shifts``, whose they are, and by which ``models``.

    ``captured`` is in seconds of Unix time.
    """

    person: str
    models: dict[str, str]
    shifts: dict[str, list[float]]
    captured: int


def person_of(holder: str, request: SessionRequest) -> str:
    """Return a digest of who consents to a session that the ``holder`` of a key has opened."""
    subject = request.consent.subject if request.consent else ""
    return sha256(f"{holder}\0{subject}".encode()).hexdigest()


class Baselines:
    """Signs the baselines of one gateway, and reads those of all that share its keys."""

    def __init__(self, signing: Signing, models: Mapping[str, str]) -> None:
        """Take those made with ``models``: the version of each modality's model."""
        self._signing = signing
        self._models = models

    def seal(self, baseline: Baseline, person: str, now: float) -> str:
        """Return the blob of a person's baseline, captured at ``now`` in Unix time."""
        shifts = baseline.memory()
        models = {each: self._models[each] for each in shifts}
        return self._signing.seal(Content(person, models, shifts, int(now)), PURPOSE)

    def open(self, blob: str, person: str, now: float) -> Baseline:
        """Return the baseline that a blob holds.

        Raises:
            ProtocolError: with the field ``blob``: ``baseline_invalid`` for what was not signed
                here, ``baseline_foreign`` for another person's or another partner's,
                ``baseline_outdated`` for what has expired or was made with other models.
        """
        content = self._signing.unseal(blob, PURPOSE, Content)
        if content is None:
            raise _refused(ErrorCode.BASELINE_INVALID, "this server has not signed it")
        if content.person != person:
            raise _refused(ErrorCode.BASELINE_FOREIGN, "it is not this person's")
        if now > content.captured + LASTS:
            days = f"a baseline lasts {limits.BASELINE_DAYS} days"
            raise _refused(ErrorCode.BASELINE_OUTDATED, days)
        if any(self._models.get(each) != made for each, made in content.models.items()):
            raise _refused(ErrorCode.BASELINE_OUTDATED, "it was made with other models")
        return recalled(content.shifts)


def _refused(code: ErrorCode, message: str) -> ProtocolError:
    return ProtocolError(code, message, "blob")
