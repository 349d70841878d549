"""Which rooms there are. A room is open while somebody is in it, on whichever gateway."""

import asyncio
from collections.abc import Callable

from esapr.protocol import limits
from esapr.protocol.errors import ErrorCode, ProtocolError
from esapr.protocol.messages import State
from esapr.protocol.rooms import Member, MemberJoined, MemberLeft
from esapr.server.bus import Bus
from esapr.server.metrics import Metrics
from esapr.server.sessions.endings import DONE, Ending
from esapr.server.sessions.outbox import Broadcast
from esapr.server.sessions.resume import History
from esapr.server.sessions.room import Room, SetMuted

LOST_SECONDS = 3 * limits.MAX_TICK_MS / 1000
"""Silence after which a person on another gateway has left."""

SWEEP_SECONDS = 1.0


class Rooms:
    """Every open room by id, joined to the bus."""

    def __init__(self, bus: Bus, now: Callable[[], float], metrics: Metrics) -> None:
        """Keep rooms whose messages ``bus`` carries; ``now`` is the clock in seconds."""
        self.bus = bus
        self._now = now
        self._metrics = metrics
        self._open: dict[str, Room] = {}
        self._closing: Ending = DONE

    def get(self, room_id: str) -> Room:
        """Return an open room.

        Raises:
            ProtocolError: ``not_found``.
        """
        if room_id not in self._open:
            raise ProtocolError(ErrorCode.NOT_FOUND, "there is no such room")
        return self._open[room_id]

    def find(self, room_id: str) -> Room | None:
        """Return an open room, or None if there is none."""
        return self._open.get(room_id)

    def all(self) -> list[Room]:
        """Return every open room."""
        return list(self._open.values())

    def check_place(self, room_id: str) -> None:
        """Check that one more person may come into a room.

        Raises:
            ProtocolError: ``room_full``.
        """
        room = self._open.get(room_id)
        if room and len(room.members) >= limits.MAX_ROOM_MEMBERS:
            raise ProtocolError(
                ErrorCode.ROOM_FULL, f"at most {limits.MAX_ROOM_MEMBERS} people in a room", "room"
            )

    def join(self, room_id: str, member: Member, set_muted: SetMuted) -> None:
        """Bring a session of this gateway into a room, which opens with the first one."""
        self.publish(room_id, Broadcast(MemberJoined(room_id, member)))
        self._open[room_id].switches[member.session] = set_muted

    def leave(self, room_id: str, session: str, ending: Ending) -> bool:
        """Take a session out of its room; return whether that was the last one."""
        room = self._open[room_id]
        del room.switches[session]
        participant = room.members[session].participant
        left = MemberLeft(room_id, session, participant, ending.reason)
        self.publish(room_id, Broadcast(left))
        return room_id not in self._open

    def release(self, room_id: str, session: str) -> None:
        """Let a session of this gateway go on in its room, from another one."""
        del self._open[room_id].switches[session]

    def history(self, room_id: str, session: str) -> History:
        """Return the states of a session that have come here."""
        room = self._open.get(room_id)
        return room.history(session) if room else History()

    def publish(self, room_id: str, item: Broadcast) -> None:
        """Hand a message to every gateway."""
        self.bus.publish(room_id, item)

    def receive(self, room_id: str, item: Broadcast) -> None:
        """Take in what the bus brings."""
        room = self._open.get(room_id)
        if room is None:
            if not isinstance(item.message, State | MemberJoined):
                return
            room = self._open[room_id] = Room(room_id, self._now)
        room.receive(item)
        if not room.members:
            del self._open[room_id]
            room.close(self._closing)
        self._metrics.rooms.set(len(self._open))

    async def sweep(self) -> None:
        """Let those go who have fallen silent on other gateways, until cancelled."""
        while True:
            await asyncio.sleep(SWEEP_SECONDS)
            for room in list(self._open.values()):
                for session, participant in room.silent(LOST_SECONDS):
                    left = MemberLeft(room.id, session, participant, "lost")
                    self.receive(room.id, Broadcast(left))

    def stop(self, ending: Ending) -> None:
        """Close rooms with ``ending`` from now on; rooms without a session here at once."""
        self._closing = ending
        for room_id, room in list(self._open.items()):
            if not room.switches:
                del self._open[room_id]
                room.close(ending)
