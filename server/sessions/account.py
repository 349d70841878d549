"""What the log says of a session at its end, in one line."""

from typing import Any

from esapr.server.sessions.session import Session


def account(session: Session) -> dict[str, Any]:
    """Return counts, durations and the reason; nothing of what was shown, said or written."""
    totals = session.tally.totals()
    return {
        "session": session.id,
        "reason": session.ended.reason,
        "seconds": round(session.now(), 1),
        "states": totals.states,
        "fused": totals.fused,
        "reduced": session.tally.reduced,
        "frames": totals.frames,
        "windows": totals.windows,
        "lines": totals.lines,
        "dropped_frames": totals.dropped.frames,
        "dropped_windows": totals.dropped.windows,
        "dropped_lines": totals.dropped.lines,
        "peers": session.peering.attached,
        "feeds": session.audience.joined,
    }
