"""What of a session can be configured, and until when. No asyncio, no clock."""

from msgspec import UNSET
from msgspec.structs import replace

from esapr.inference.baseline import OwnNeutral
from esapr.inference.fusion import Fusion
from esapr.inference.signals import Modality
from esapr.protocol.errors import ErrorCode, ProtocolError
from esapr.protocol.messages import Configure, Detail, SessionConfig
from esapr.protocol.requests import Modality as ModalityName
from esapr.protocol.requests import SessionRequest


class Settings:
    """The settings of one session; its fusion goes by them."""

    def __init__(self, request: SessionRequest, fusion: Fusion, neutral: OwnNeutral) -> None:
        """Begin as the request has it; ``neutral`` says what scores are relative to."""
        self._request = request
        self._fusion = fusion
        self.neutral = neutral
        """What is captured of the person's own neutral, and what applies."""
        self.tick_ms = request.tick_ms
        self.modalities = tuple(Modality(name) for name in request.modalities)
        self.locked = False
        """Whether media or text have come."""

    @property
    def names(self) -> list[ModalityName]:
        """The modalities by name."""
        return [modality.value for modality in self.modalities]

    @property
    def smoothing_ms(self) -> int | None:
        """Half-life of the exponential smoothing, or None."""
        half_life = self._fusion.half_life
        return None if half_life is None else round(half_life * 1000)

    def request(self) -> SessionRequest:
        """Return the request that would open the session as it is now."""
        smoothing = UNSET if self.smoothing_ms is None else self.smoothing_ms
        return replace(
            self._request, tick_ms=self.tick_ms, modalities=self.names, smoothing_ms=smoothing
        )

    def message(self, detail: Detail) -> SessionConfig:
        """Return the whole configuration for a subscriber that gets this ``detail``."""
        shifts = self.neutral.baseline.shifts
        baseline: list[ModalityName] = [each.value for each in Modality if each in shifts]
        return SessionConfig(self.tick_ms, self.names, detail, self.smoothing_ms, baseline)

    def change(self, change: Configure) -> None:
        """Change what ``change`` names, or nothing.

        Raises:
            ProtocolError: ``config_locked`` once media or text have come, ``config_invalid`` for
                a modality that the session was not opened for, or a half-life where none is used.
        """
        if self.locked and (change.tick_ms is not UNSET or change.modalities is not UNSET):
            raise ProtocolError(ErrorCode.CONFIG_LOCKED, "the configuration is locked by media")
        if change.modalities and not set(change.modalities) <= set(self._request.modalities):
            raise _invalid("the session was not opened for that", "modalities")
        if change.smoothing_ms is not UNSET:
            if self.smoothing_ms is None:
                raise _invalid("this server smooths with a Bayesian filter", "smoothing_ms")
            self._fusion.smooth(change.smoothing_ms / 1000)
        if change.tick_ms is not UNSET:
            self.tick_ms = change.tick_ms
        if change.modalities is not UNSET:
            self.modalities = tuple(Modality(name) for name in change.modalities)
            self._fusion.enable(self.modalities)


def _invalid(message: str, field: str) -> ProtocolError:
    return ProtocolError(ErrorCode.CONFIG_INVALID, message, field)
