"""The WebRTC peer whose media a session takes."""

import asyncio
from collections.abc import Collection

from esapr.protocol.errors import ErrorCode, ProtocolError
from esapr.server.media.reception import Intake
from esapr.server.media.webrtc import WebRtcPeer
from esapr.server.metrics import Metrics


class Peering:
    """At most one peer at a time; a new one takes the place of an earlier one."""

    def __init__(self, group: asyncio.TaskGroup, metrics: Metrics) -> None:
        """Read the media of peers in ``group``."""
        self._group = group
        self._metrics = metrics.media
        self._peer: WebRtcPeer | None = None
        self._intake = Intake()
        self._token = ""
        self.attached = 0
        """How many peers there were."""
        self._receiving: asyncio.Task[None] | None = None

    @property
    def connected(self) -> bool:
        """Whether a peer is there that has not ended."""
        return self._receiving is not None and not self._receiving.done()

    def attach(self, peer: WebRtcPeer, token: str) -> None:
        """Take media from ``peer``, which came with the token of that id."""
        self.stop()
        self._peer, self._intake = peer, Intake()
        self._token = token
        self.attached += 1
        self._receiving = self._group.create_task(self._receive(peer, self._intake))

    def peer(self, peer_id: str) -> WebRtcPeer:
        """Return the session's peer.

        Raises:
            ProtocolError: ``not_found`` if ``peer_id`` does not, or no longer, name it.
        """
        if self._peer is None or peer_id != self._peer.id:
            raise ProtocolError(ErrorCode.NOT_FOUND, "there is no such peer")
        return self._peer

    def detach(self, peer_id: str) -> None:
        """Stop taking media from a peer. Raises what :meth:`peer` does."""
        self.peer(peer_id)
        self.stop()

    def revoke(self, tokens: Collection[str]) -> None:
        """Stop taking media from a peer that came with one of these tokens."""
        if self._token in tokens:
            self.stop()

    def stop(self) -> None:
        """Stop taking media from whichever peer there is."""
        if self._receiving:
            self._receiving.cancel()
        self._peer = self._receiving = None

    def measure(self) -> None:
        """Count what has come since this was last asked."""
        if self._peer:
            self._count(self._peer, self._intake)

    async def _receive(self, peer: WebRtcPeer, intake: Intake) -> None:
        with self._metrics.peers.track_inprogress():
            try:
                await peer.run()
            finally:
                self._count(peer, intake)
                if peer.connected is not None:
                    self._metrics.connected(peer.connected)

    def _count(self, peer: WebRtcPeer, intake: Intake) -> None:
        for kind, total in peer.reception():
            self._metrics.grew(kind, intake.look(kind, total))
