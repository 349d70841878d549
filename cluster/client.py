"""A gateway's side of the cluster: models whose batches run on Ray Serve, through its gRPC ingress.

A gateway is no member of the Ray cluster and has no process or thread of Ray: whatever happens
there reaches it as a call that fails. The channel reconnects by itself, with a back-off that
grows and is jittered (https://grpc.github.io/grpc/core/md_doc_connection-backoff.html); while there
is no connection, calls fail at once.
"""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Self

import grpc

from esapr.cluster.messages import (
    METHOD,
    SERVICE,
    Answer,
    Question,
    encode,
    pack,
    read_answer,
    unpack,
)
from esapr.inference.cards import Arrays, ModelCard, ModelError
from esapr.inference.remote import RemoteModel

DEADLINE_SECONDS = 5.0
"""A batch that has no answer by then fails; the cluster drops it too."""

DETAIL_CHARS = 300
"""Kept of what a failed call says: an exception's type and text come last, after a traceback."""

_OPTIONS = (
    # Batches of large models on GPUs are larger than gRPC's 4 MiB.
    ("grpc.max_send_message_length", -1),
    ("grpc.max_receive_message_length", -1),
    ("grpc.initial_reconnect_backoff_ms", 500),
    ("grpc.max_reconnect_backoff_ms", 5_000),
    # Finds out that a node has gone without a word.
    ("grpc.keepalive_time_ms", 10_000),
    ("grpc.keepalive_timeout_ms", 5_000),
    # A proxy of the environment is for the web.
    ("grpc.enable_http_proxy", 0),
    # A name with several addresses, one a node, is used evenly.
    ("grpc.service_config", json.dumps({"loadBalancingConfig": [{"round_robin": {}}]})),
)


class ClusterError(Exception):
    """The cluster did not run a batch; another attempt may succeed."""


class OtherVersionError(ClusterError):
    """The cluster serves another version of the model."""


@dataclass(frozen=True, slots=True)
class ClusterModel(RemoteModel):
    """One model of the cluster: what a scorer needs of it, and its card."""

    card: ModelCard
    cluster: "ModelCluster"

    def run(self, batch: Arrays, device: int = 0) -> Arrays:
        """Run one batch on the replica that Serve chooses.

        Blocks, for :data:`DEADLINE_SECONDS` at most.

        Raises:
            ClusterError: the cluster cannot be reached, the replica died or the model raised.
        """
        return self.cluster.run(self.card, batch)

    def warm_up(self, device: int = 0) -> None:
        """Do nothing: a replica has run every batch bucket before it is ready."""


class ModelCluster:
    """The models of a cluster behind one gRPC channel, which any thread may use."""

    def __init__(
        self, folders: Mapping[str, Path], address: str, on_failure: Callable[[str], None]
    ) -> None:
        """Read the cards of ``folders``; connects when first asked.

        Args:
            folders: the models of this gateway, whose hashes the cluster's have to equal.
            address: Serve's gRPC ingress: ``host:port``, or any target that gRPC resolves.
            on_failure: called on a worker's thread for each batch that fails, with the gRPC status
                in lower case, or ``other_version``.

        Raises:
            CardError: a card is damaged.
        """
        self.models = {
            name: ClusterModel(ModelCard.read(folder), self) for name, folder in folders.items()
        }
        self._address = address
        self._on_failure = on_failure
        self._channel = grpc.insecure_channel(address, options=_OPTIONS)
        self._call = self._channel.unary_unary(f"/{SERVICE}/{METHOD}")

    def __enter__(self) -> Self:
        """Return self."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Close the channel; calls under way fail."""
        self._channel.close()

    def check(self) -> None:
        """Ask whether the cluster serves every model; blocks.

        Raises:
            ModelError: it cannot be reached, lacks a model or serves another version of one.
        """
        for model in self.models.values():
            try:
                self.run(model.card, {})
            except ClusterError as error:
                raise ModelError(f"cluster at {self._address}: {error}") from error

    def run(self, card: ModelCard, batch: Arrays) -> Arrays:
        """Run one batch; see :meth:`ClusterModel.run`."""
        answer = self._ask(card, Question(card.sha256, pack(batch)))
        if answer.refusal:
            self._on_failure("other_version")
            raise OtherVersionError(
                f"{card.name}: the cluster {answer.refusal}, "
                f"this gateway has {card.version} with sha256 {card.sha256}"
            )
        return unpack(answer.outputs)

    def _ask(self, card: ModelCard, question: Question) -> Answer:
        try:
            message = self._call(
                encode(question),
                timeout=DEADLINE_SECONDS,
                metadata=(("application", card.name),),
            )
        except grpc.RpcError as error:
            code = error.code().name.lower()
            self._on_failure(code)
            details = (error.details() or "")[-DETAIL_CHARS:]
            raise ClusterError(f"{card.name}: {code}: {details}") from error
        return read_answer(message)
