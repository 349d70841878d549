"""What an analysis is about, and what each kind of file is made into."""

from collections.abc import AsyncGenerator, Sequence
from dataclasses import dataclass
from typing import Protocol

from esapr.protocol.analyses import AnalysisSummary, Page
from esapr.protocol.events import Event, HelpLine
from esapr.protocol.messages import State
from esapr.protocol.requests import Modality


@dataclass(frozen=True, slots=True)
class Subject:
    """What states are made of, and what and whom they name.

    ``help_lines`` are named where a text speaks of self-harm; ``traits`` says whether documents
    are read for them, ``transcribe`` whether what a recording's people say is.
    """

    analysis: str
    participant: str
    modalities: tuple[Modality, ...]
    tick_ms: int
    help_lines: Sequence[HelpLine] = ()
    traits: bool = False
    transcribe: bool = False


class Work(Protocol):
    """One file being analysed."""

    @property
    def fraction(self) -> float:
        """How much of it was read, from 0 to 1."""

    def found(self) -> AsyncGenerator[State | Page | Event, None]:
        """Yield what it shows, a state a tick or a page after the other, and events before them.

        Raises:
            ProtocolError: the file cannot be read to its end.
        """

    def summary(self) -> AnalysisSummary:
        """Return what was found so far."""
