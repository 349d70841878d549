"""Which rooms there are on this gateway. A room is open while somebody is in it."""

from collections.abc import Callable

from esapr.protocol import limits
from esapr.protocol.errors import ErrorCode, ProtocolError
from esapr.protocol.rooms import Member, MemberJoined, MemberLeft
from esapr.server.bus import Bus
from esapr.server.metrics import Metrics
from esapr.server.sessions.endings import DONE, SHUTDOWN, Ending
from esapr.server.sessions.outbox import Broadcast
from esapr.server.sessions.room import Room, SetMuted


class Rooms:
    """Every open room by id, joined to the bus."""

    def __init__(self, bus: Bus, now: Callable[[], float], metrics: Metrics) -> None:
        """Keep rooms whose messages ``bus`` carries; ``now`` is the clock in seconds."""
        self._bus = bus
        self._now = now
        self._metrics = metrics
        self._open: dict[str, Room] = {}

    def get(self, room_id: str) -> Room:
        """Return an open room.

        Raises:
            ProtocolError: ``not_found``.
        """
        if room_id not in self._open:
            raise ProtocolError(ErrorCode.NOT_FOUND, "there is no such room")
        return self._open[room_id]

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
        room = self._open.get(room_id)
        if room is None:
            room = self._open[room_id] = Room(room_id, self._now)
            self._bus.subscribe(room_id, room.receive)
        room.switches[member.session] = set_muted
        self.publish(room_id, Broadcast(MemberJoined(room_id, member)))
        self._metrics.rooms.set(len(self._open))

    def leave(self, room_id: str, session: str, ending: Ending) -> bool:
        """Take a session out of its room; return whether that was the last one."""
        room = self._open[room_id]
        del room.switches[session]
        participant = room.members[session].participant
        left = MemberLeft(room_id, session, participant, ending.reason)
        self.publish(room_id, Broadcast(left))
        if room.members:
            return False
        self._bus.unsubscribe(room_id)
        del self._open[room_id]
        room.close(SHUTDOWN if ending is SHUTDOWN else DONE)
        self._metrics.rooms.set(len(self._open))
        return True

    def publish(self, room_id: str, item: Broadcast) -> None:
        """Hand a message to everyone who keeps the room."""
        self._bus.publish(room_id, item)
