"""What a room sees of a session: who it is, and what is muted or paused."""

from collections.abc import Callable

from msgspec.structs import replace

from esapr.inference.signals import Modality
from esapr.protocol.requests import Modality as ModalityName
from esapr.protocol.rooms import Member, MemberMuted, MemberPaused
from esapr.server.sessions.analysis import Analysis
from esapr.server.sessions.audience import Audience
from esapr.server.sessions.outbox import Broadcast


class Presence:
    """Mutes and pauses the analysis of one session, and tells its audience and its room."""

    def __init__(
        self,
        room: str,
        member: Member,
        analysis: Analysis,
        audience: Audience,
        *,
        publish: Callable[[Broadcast], None],
        now: Callable[[], float],
    ) -> None:
        """Speak for ``member`` of ``room``; ``now`` is session time in seconds."""
        self._room = room
        self._member = member
        self._analysis = analysis
        self._audience = audience
        self._publish = publish
        self._now = now

    def member(self) -> Member:
        """Return this session as its room shows it."""
        muted: list[ModalityName] = sorted(modality.value for modality in self._analysis.muted)
        return replace(self._member, muted=muted, paused=self._analysis.paused)

    def set_muted(self, modality: str, muted: bool) -> None:
        """Leave a modality out of the states, or take it in again, and tell everybody."""
        kind = Modality(modality)
        if muted == (kind in self._analysis.muted):
            return
        self._analysis.mute(kind, muted, self._now())
        me = self._member
        self._tell(MemberMuted(self._room, me.session, me.participant, kind.value, muted))

    def set_paused(self, paused: bool) -> None:
        """Analyse nothing until told to go on, and tell everybody."""
        if paused == self._analysis.paused:
            return
        self._analysis.pause(paused, self._now())
        me = self._member
        self._tell(MemberPaused(self._room, me.session, me.participant, paused))

    def _tell(self, event: MemberMuted | MemberPaused) -> None:
        item = Broadcast(event)
        self._audience.put(item)
        self._publish(item)
