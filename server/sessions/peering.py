"""The WebRTC peer whose media a session takes."""

import asyncio
from collections.abc import Collection

from esapr.protocol.errors import ErrorCode, ProtocolError
from esapr.server.media.webrtc import WebRtcPeer
from esapr.server.metrics import Metrics


class Peering:
    """At most one peer at a time; a new one takes the place of an earlier one."""

    def __init__(self, group: asyncio.TaskGroup, metrics: Metrics) -> None:
        """Read the media of peers in ``group``."""
        self._group = group
        self._metrics = metrics
        self._peer: WebRtcPeer | None = None
        self._token = ""
        self._receiving: asyncio.Task[None] | None = None

    @property
    def connected(self) -> bool:
        """Whether a peer is there that has not ended."""
        return self._receiving is not None and not self._receiving.done()

    def attach(self, peer: WebRtcPeer, token: str) -> None:
        """Take media from ``peer``, which came with the token of that id."""
        self.stop()
        self._peer = peer
        self._token = token
        self._receiving = self._group.create_task(self._receive(peer))

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

    async def _receive(self, peer: WebRtcPeer) -> None:
        with self._metrics.peers.track_inprogress():
            await peer.run()
