"""What one session says by itself: a state each tick, events, overlays and warnings."""

from collections.abc import Callable, Iterable
from functools import partial

from msgspec.structs import replace

from esapr.inference.signals import FaceDetails, Modality, ModalityScore
from esapr.inference.trend import Trend
from esapr.protocol.errors import WarningCode
from esapr.protocol.events import Event
from esapr.protocol.messages import Text, Warning
from esapr.protocol.requests import SessionRequest
from esapr.protocol.rooms import Member
from esapr.server.sessions.analysis import Analysis
from esapr.server.sessions.audience import Audience
from esapr.server.sessions.conditions import Conditions
from esapr.server.sessions.events import Events
from esapr.server.sessions.host import Host
from esapr.server.sessions.outbox import Broadcast
from esapr.server.sessions.snapshot import OutletMemory
from esapr.server.sessions.states import Envelope, overlay_message, state_message, with_trend
from esapr.server.sessions.tally import Tally

_ENDED = {Modality.FACE: WarningCode.VIDEO_ENDED, Modality.VOICE: WarningCode.AUDIO_ENDED}


class Outlet:
    """Numbers the states of one session and sends them to its audience and its room."""

    def __init__(
        self,
        analysis: Analysis,
        tally: Tally,
        audience: Audience,
        host: Host,
        *,
        request: SessionRequest,
        publish: Callable[[Broadcast], None],
    ) -> None:
        """Say what ``analysis`` knows, as long as the session is the host's own."""
        self._analysis = analysis
        self._tally = tally
        self._audience = audience
        self._publish = publish
        self._record = partial(host.recorder.put, audience.session)
        self._owned = host.owned
        self._models = host.pipeline.versions
        self._covers = request.consent.covers if request.consent else []
        self._metrics = analysis.metrics
        self._trace = analysis.trace
        self._conditions = Conditions()
        self._events = Events()
        self._trend = Trend()
        self._learned = host.fusion.learned if request.explain else None
        self._care = host.care_for(audience.session, request)
        self.next_seq = 0
        """Number of the next state."""

    def memory(self) -> OutletMemory:
        """Return what is needed to go on elsewhere."""
        return OutletMemory(
            self._events.active, self._conditions.active, self._care.watch.told_at, self._care.shown
        )

    def recall(self, memory: OutletMemory, blinks: int, now: float) -> None:
        """Go on from where another one stopped, which told of ``blinks`` blinks."""
        self._events.recall(memory.events, blinks, now)
        self._conditions.recall(memory.warnings, now)
        self._care.watch.told_at, self._care.shown = memory.supported_at, memory.shown

    def state(self, start: float, end: float, now: float, member: Member) -> None:
        """Send ``member``'s state of ``[start, end)``, made at ``now``, all in session time."""
        state = self._analysis.state_at(start, end)
        if not self._owned():
            self._metrics.dropped("session", "not_owned", 1)
            return
        envelope = Envelope(
            session=member.session,
            participant=member.participant,
            seq=self.next_seq,
            made=now,
            dropped=self._tally.drop_counts(),
            level=self._analysis.control.level,
            muted=member.muted,
            models=self._models,
            learned=self._learned,
            traits=self._analysis.traits(),
        )
        self._analysis.control.update(self._tally.strain(), end)
        message = with_trend(state_message(state, envelope), self._trend)
        self.next_seq += 1
        self._tally.state(fused=state.fused is not None, reduced=envelope.level != "full")
        latency = message.latency
        age = latency.capture_to_state_ms / 1000 if latency.batch_size else None
        self._metrics.fusion.state(state, envelope.level, age, self._trace.exemplar())
        item = Broadcast(message)
        self._audience.publish_state(item, message.seq, now)
        self._publish(item)
        self._trace.made(state, envelope.level, now)
        self._record(message)
        self._care.state(message)
        self._say(*self._events.in_state(state))

    def warnings(self, now: float, ended: Iterable[Modality]) -> None:
        """Send the conditions that have begun or ended; ``ended`` tracks are among them."""
        present: set[str] = {*self._analysis.quality(), *(_ENDED[track] for track in ended)}
        if self._analysis.control.level != "full":
            present.add(WarningCode.RATE_REDUCED)
        for code, active in self._conditions.update(present, now):
            text = WarningCode(code).description
            self._say(Warning(code, active, text, round(now * 1000)))

    def picture(self, at: float, score: ModalityScore | None) -> None:
        """Send what the picture taken at ``at`` shows, and an overlay to those who want it."""
        details = score.details if score else None
        face = details if isinstance(details, FaceDetails) else None
        self._say(*self._events.in_picture(at, face))
        if self._audience.wants_overlays:
            self._audience.publish(overlay_message(at, face))

    def line(self, text: Text, at: float) -> None:
        """Note a line that was taken in; nobody else is told what it says.

        If it speaks of self-harm, help lines are named. A line is kept only under its own cover:
        what was said is not what was written.
        """
        kept = ("transcript" if text.source == "transcript" else "text") in self._covers
        if kept:
            self._record(replace(text, at_ms=round(at * 1000)))
        event = self._care.line(text.body, at)
        if event and kept:
            self._say(event)
        elif event:
            self._audience.publish(event)

    def _say(self, *messages: Event | Warning) -> None:
        for message in messages:
            self._record(message)
        self._audience.publish(*messages)
