"""How an HTTP call is described."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from types import MappingProxyType
from typing import Any, Literal

from esapr.protocol.errors import ErrorCode

JSON = "application/json"

KeyScope = Literal["sessions", "admin"]
"""What a server key allows: opening sessions and what concerns those, or running the server."""


@dataclass(frozen=True, slots=True)
class Body:
    """A body.

    ``kind`` is a type of the protocol, ``str`` for text, ``dict`` for any object, or None for
    what a schema cannot describe.
    """

    kind: Any
    media_type: str = JSON


@dataclass(frozen=True, slots=True)
class Answer:
    """What a call answers with one status."""

    description: str
    body: Body | None = None
    headers: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    """What each header says, by its name."""
    others: tuple[Body, ...] = ()
    """What is answered instead to those who ask for its media type."""


@dataclass(frozen=True, slots=True)
class Parameter:
    """A parameter of the query: its type, and what it is where it is left out."""

    kind: Any
    default: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Route:
    """One call. ``errors`` are answered with an ``ErrorBody`` and the status of their code."""

    method: str
    path: str
    name: str
    """The call's ``operationId``."""
    summary: str
    answers: Mapping[HTTPStatus, Answer]
    token: bool = False
    """Whether the session's token is needed."""
    key: KeyScope | None = None
    """The scope of the server key that is needed, or does as well as a token."""
    staff: bool = False
    """Whether signed-in staff may make it, or, besides, whoever has a token or key."""
    query: Mapping[str, Parameter] = field(default_factory=lambda: MappingProxyType({}))
    request: Body | None = None
    file: tuple[str, ...] = ()
    """Media types of a body that is a file."""
    header: tuple[str, Any] | None = None
    """Name of a header that is needed, and the type of its JSON."""
    errors: tuple[ErrorCode, ...] = ()
