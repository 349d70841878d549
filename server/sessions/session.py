"""One session: media in, a state each tick out. Everything it starts lives in one TaskGroup."""

import asyncio
from functools import partial

from msgspec import UNSET

from esapr.inference.signals import AudioWindow, Modality, ModalityScore, VideoFrame
from esapr.protocol.answers import SessionInfo, Source
from esapr.protocol.binary import Kind, Media
from esapr.protocol.codec import Format, decode_client
from esapr.protocol.errors import ErrorCode, ProtocolError
from esapr.protocol.messages import SessionClosed, Text
from esapr.protocol.requests import SessionRequest
from esapr.protocol.rooms import Member
from esapr.server.media.webrtc import WebRtcPeer
from esapr.server.sessions.analysis import Analysis
from esapr.server.sessions.audience import Audience
from esapr.server.sessions.dictation import dictation
from esapr.server.sessions.endings import FAILED, IDLE, MOVED, Closing, Ending
from esapr.server.sessions.host import Host
from esapr.server.sessions.ingest import Ingest
from esapr.server.sessions.neutral import Neutral
from esapr.server.sessions.outlet import Outlet
from esapr.server.sessions.peering import Peering
from esapr.server.sessions.presence import Presence
from esapr.server.sessions.refusals import error_message
from esapr.server.sessions.resume import History
from esapr.server.sessions.room import room_name
from esapr.server.sessions.settings import Settings
from esapr.server.sessions.snapshot import Snapshot, margin
from esapr.server.sessions.tally import Tally
from esapr.server.sessions.ticks import ticks
from esapr.server.trust.tokens import unix_time


class Session:
    """One participant's session; implements :class:`esapr.server.media.sink.MediaSink`."""

    ended: Ending = FAILED
    """Why, once :meth:`run` has returned."""

    def __init__(self, session_id: str, request: SessionRequest, host: Host, holder: str) -> None:
        """Create a session for the ``holder`` of a key; nothing happens before :meth:`run`."""
        self.id, self.holder = session_id, holder
        self.room = self.id if request.room is UNSET else room_name(holder, request.room)
        self.participant = request.participant
        self.notice = host.notice(request)
        self.audience = Audience(self.id)
        publish = partial(host.publish, self.room)
        self._config, self._metrics = host.config, host.metrics
        self.models = host.pipeline.versions
        self.images_per_second = host.config.analysed_fps
        self._loop = asyncio.get_running_loop()
        self._created = self._loop.time()
        self.tally = Tally()
        self._analysis = Analysis(
            host.analysers(self.id, request),
            tuple(Modality(name) for name in request.modalities),
            host.fusing(request),
            tally=self.tally,
            metrics=host.metrics,
            on_face=self._publish_picture,
            dictation=dictation(request, host.transcriber, self.add_text, host.metrics),
            trace=host.pipeline.tracing.session(self.id, self.now),
        )
        self.settings = Settings(request, self._analysis.fusion, self._analysis.neutral)
        self.neutral = Neutral(self.id, holder, request, self.settings, host.baselines)
        self._outlet = Outlet(
            self._analysis, self.tally, self.audience, host, request=request, publish=publish
        )
        me = Member(self.id, self.participant)
        self.presence = Presence(
            self.room, me, self._analysis, self.audience, publish=publish, now=self.now
        )
        self._ended_tracks: set[Modality] = set()
        self._last_used = self._told = 0.0
        self._ingest = Ingest(self, host.config.analysed_fps)
        self._ticks: asyncio.Task[None] | None = None
        self._group = asyncio.TaskGroup()
        self.peering = Peering(self._group, host.metrics)
        self._closing = Closing()

    # --- life ---------------------------------------------------------------------------------

    async def run(self) -> None:
        """Run until :meth:`end` is called, then stop every task; :meth:`dismiss` is next."""
        async with self._group as group:
            analysis = group.create_task(self._analysis.run())
            self._ticks = group.create_task(self._tick())
            ending = await self._closing.begin()
            self.peering.stop()
            if ending.finishes:
                ending = await self._closing.after(self._analysis.finish())
            analysis.cancel()
            self._ticks.cancel()
            if ending.finishes:
                self._tell_the_rest()
        self.ended = ending

    def end(self, ending: Ending) -> None:
        """End the session; the first reason counts, or one that does not wait for scores."""
        self._closing.end(ending)

    def dismiss(self) -> None:
        """Tell the audience why :meth:`run` is over; that it has failed unless it has returned."""
        # A session that has moved is not closed.
        self._analysis.trace.close()
        totals = self.tally.totals()
        closed = None if self.ended is MOVED else SessionClosed(self.ended.reason, totals)
        self.audience.dismiss(closed, self.ended.close_code, self.ended.error)

    def info(self) -> SessionInfo:
        """Return what the session is doing."""
        return SessionInfo(
            session_id=self.id,
            participant=self.participant,
            t_ms=self.now_ms(),
            tick_ms=self.settings.tick_ms,
            modalities=self.settings.names,
            media=self._source(),
            feeds=len(self.audience),
            totals=self.tally.totals(),
        )

    def _source(self) -> Source:
        if self.peering.connected:
            return "webrtc"
        return "messages" if self._ingest.used else "none"

    async def settle(self) -> None:
        """Score what was taken in, and make no more states: the next one is another gateway's."""
        if self._ticks:
            self._ticks.cancel()
        self.peering.stop()
        await self._analysis.finish()

    def snapshot(self, *, reserved: bool) -> Snapshot:
        """Return what another gateway needs to go on.

        With ``reserved``, its states begin above all that this one may still make.
        """
        return Snapshot(
            session=self.id,
            holder=self.holder,
            request=self.settings.request(),
            opened=unix_time() - self.now(),
            next_seq=self._outlet.next_seq + (margin(self.settings.tick_ms) if reserved else 0),
            totals=self.tally.totals(),
            locked=self.settings.locked,
            analysis=self._analysis.memory(self.now()),
            outlet=self._outlet.memory(),
        )

    def go_on(self, snapshot: Snapshot, history: History) -> None:
        """Go on where another gateway stopped, whose last states are in ``history``."""
        self._created -= max(0.0, unix_time() - snapshot.opened)
        self._last_used = self.now()
        self._outlet.next_seq = max(snapshot.next_seq, history.next_seq)
        self.audience.keep(history, self._outlet.next_seq)
        self.tally.resume(snapshot.totals)
        self.settings.locked = snapshot.locked
        self._analysis.recall(snapshot.analysis, self.now())
        self._outlet.recall(snapshot.outlet, snapshot.analysis.blinks.total, self.now())

    def attach(self, peer: WebRtcPeer, token: str) -> None:
        """Take media from ``peer``, which came with a ``token``, in place of an earlier one.

        Raises:
            ProtocolError: ``session_closed``.
        """
        self._check_open()
        self.settings.locked = True
        self._ended_tracks.clear()
        self.peering.attach(peer, token)

    def _check_open(self) -> None:
        if self._closing.begun:
            raise ProtocolError(ErrorCode.SESSION_CLOSED, "the session is closed")

    def _tell_the_rest(self) -> None:
        if self.tally.news:
            now = self.now()
            self._outlet.state(self._told, now, now, self.presence.member())

    # --- what comes in ------------------------------------------------------------------------

    def now(self) -> float:
        """Return the session time in seconds."""
        return self._loop.time() - self._created

    def now_ms(self) -> int:
        """Return the session time in whole milliseconds, as messages have it; never ahead."""
        return int(self.now() * 1000)

    def put_frame(self, frame: VideoFrame) -> None:
        """Take in a picture."""
        if Modality.FACE in self.settings.modalities:
            self._analysis.put_frame(frame)

    def put_window(self, window: AudioWindow) -> None:
        """Take in a window of sound."""
        if Modality.VOICE in self.settings.modalities:
            self._analysis.put_window(window)

    def put_message(self, data: str | bytes) -> None:
        """Take in a ``text`` message from a data channel; errors go to the feed."""
        try:
            message = decode_client(data.encode() if isinstance(data, str) else data, Format.JSON)
            if not isinstance(message, Text):
                raise ProtocolError(ErrorCode.BAD_MESSAGE, "a data channel takes text only", "type")
            self.add_text(message)
        except ProtocolError as error:
            self._metrics.errors.labels(error.code).inc()
            self.audience.publish(error_message(error))

    async def put_media(self, media: Media) -> None:
        """Take in a picture or sound that came in a message.

        Raises:
            ProtocolError: ``media_conflict``, ``config_invalid``, ``media_invalid`` or
                ``rate_limited``.
        """
        if self.peering.connected:
            raise ProtocolError(ErrorCode.MEDIA_CONFLICT, "media come from a WebRTC peer")
        self._expect(Modality.FACE if media.kind is Kind.IMAGE else Modality.VOICE)
        await self._ingest.take(media)
        self.settings.locked = True

    def _expect(self, modality: Modality) -> None:
        self._check_open()
        if modality not in self.settings.modalities:
            problem = f"{modality} is not analysed"
            raise ProtocolError(ErrorCode.CONFIG_INVALID, problem, "modalities")
        if modality in self._analysis.muted:
            raise ProtocolError(ErrorCode.MUTED, f"{modality} is muted")

    def track_ended(self, modality: Modality) -> None:
        """Note that a track will bring nothing more."""
        self._ended_tracks.add(modality)
        self._analysis.forget(modality)

    def add_text(self, text: Text) -> None:
        """Take in a line of text.

        Raises:
            ProtocolError: ``text_empty``, ``text_too_long``, ``rate_limited``, ``overloaded``,
                ``muted``, ``paused``, or ``config_invalid`` for a time that lies ahead or a session
                without text.
        """
        self._expect(Modality.TEXT)
        if self._analysis.paused:
            raise ProtocolError(ErrorCode.PAUSED, "the session is paused")
        line = self._ingest.line(text)
        if not self._analysis.put_line(line):
            raise ProtocolError(ErrorCode.OVERLOADED, "earlier lines are still being scored")
        self._outlet.line(text, line.at)
        self.settings.locked = True

    # --- what goes out ------------------------------------------------------------------------

    async def _tick(self) -> None:
        self._told = self.now() if self._outlet.next_seq else 0.0
        async for start, end in ticks(self.now, lambda: self.settings.tick_ms / 1000, self._told):
            self._told = end
            self._metrics.fusion.lateness.observe(self.now() - end)
            self.peering.measure()
            self._outlet.state(start, end, self.now(), self.presence.member())
            self._outlet.warnings(end, self._ended_tracks)
            self.neutral.tick(self.now(), unix_time())
            self._end_if_idle()

    def _publish_picture(self, at: float, score: ModalityScore | None) -> None:
        self._outlet.picture(at, score)

    def _end_if_idle(self) -> None:
        now = self.now()
        if len(self.audience) or self.peering.connected:
            self._last_used = now
        elif now - self._last_used >= self._config.idle_timeout:
            self.end(IDLE)
