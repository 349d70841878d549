"""What a replica runs: one model, warm before the replica counts as ready. Knows nothing of Ray."""

from dataclasses import dataclass
from typing import Any

import grpc

from esapr import models_onnx
from esapr.cluster.messages import METHOD, SERVICE, Answer, encode, pack, read_question, unpack
from esapr.inference.cards import ModelCard
from esapr.inference.models import Model


@dataclass(frozen=True, slots=True)
class Reply:
    """Encoded bytes, in the guise in which Serve's gRPC proxy expects an answer."""

    content: bytes

    def SerializeToString(self) -> bytes:
        """Return the bytes."""
        return self.content


class ModelReplica:
    """One model of the esapr package that is installed on the replica's node."""

    def __init__(self, name: str) -> None:
        """Load the model ``name`` and run every batch bucket.

        Raises:
            ModelError: the model is damaged.
            KeyError: there is none of that name.
        """
        self._model = Model(ModelCard.read(models_onnx.folders()[name]))
        self._model.warm_up()

    def run(self, message: bytes) -> Reply:
        """Answer one question; what the model raises is raised, and fails the call.

        Raises:
            msgspec.MsgspecError: the message is no question.
        """
        question = read_question(message)
        card = self._model.card
        if question.sha256 != card.sha256:
            return _reply(Answer(refusal=f"serves {card.version} with sha256 {card.sha256}"))
        if not question.inputs:
            return _reply(Answer())
        return _reply(Answer(pack(self._model.run(unpack(question.inputs)))))

    def check_health(self) -> None:
        """Run the smallest batch: Serve replaces a replica whose device has gone."""
        self._model.run(self._model.zeros(self._model.card.batch.buckets[0]))

    def identity(self) -> tuple[str, str]:
        """Return the model's version and the sha256 of its graph."""
        return self._model.card.version, self._model.card.sha256


def _reply(answer: Answer) -> Reply:
    return Reply(encode(answer))


def add_to_server(servicer: Any, server: Any) -> None:
    """Register the service with a gRPC server; Serve's proxies are given this by its path."""
    handler = grpc.unary_unary_rpc_method_handler(
        lambda message, context: getattr(servicer, METHOD)(message),
        response_serializer=Reply.SerializeToString,
    )
    server.add_generic_rpc_handlers(
        (grpc.method_handlers_generic_handler(SERVICE, {METHOD: handler}),)
    )
