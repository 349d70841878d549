"""Records for tests: a session of four minutes, and stores to keep it in."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from esapr.inference.emotions import LABELS
from esapr.protocol.messages import (
    AbstainReason,
    DropCounts,
    FaceState,
    Fused,
    Latency,
    ModalityStates,
    State,
    TextState,
    Totals,
)
from esapr.protocol.traits import Traits, TraitScore
from esapr.protocol.voice import Prosody, VoiceState
from esapr.server.config import ServerConfig
from esapr.server.metrics import Metrics
from esapr.server.records import migrate
from esapr.server.records.buffer import Batch
from esapr.server.records.engine import connected
from esapr.server.records.packing import state_row
from esapr.server.records.rows import Closing, EventRow, Facts, LineRow, Person
from esapr.server.records.service import Kept, keeping
from esapr.server.records.store import Store, opened_store
from esapr.server.trust.audit_log import open_audit_log

SESSION = "a" * 32
OTHER = "b" * 32
OPENED_MS = 1_795_000_000_000
DAY_MS = 86_400_000
RECEIPT: dict[str, object] = {
    "subject": "Ada Lovelace",
    "text_version": "2026-11",
    "given_at": "2026-11-18T11:05:00+00:00",
    "method": "button",
    "covers": ["records", "text"],
}
NO_DROPS = DropCounts(0, 0, 0)
TOTALS = Totals(states=240, fused=180, frames=1200, windows=240, lines=2, dropped=NO_DROPS)


@asynccontextmanager
async def store_of(config: ServerConfig) -> AsyncIterator[Store]:
    """Open a store, whose schema is made first."""
    async with connected(config) as engine:
        await migrate.upgrade(engine)
    async with opened_store(config) as store:
        yield store


@asynccontextmanager
async def kept_with(config: ServerConfig, metrics: Metrics | None = None) -> AsyncIterator[Kept]:
    """Open what a server keeps its sessions with, whose schema is made first."""
    metrics = metrics or Metrics()
    async with connected(config) as engine:
        await migrate.upgrade(engine)
    async with (
        open_audit_log(config.audit_folder, None, metrics) as audit,
        keeping(config, audit, metrics) as kept,
    ):
        yield kept


def probs(label: str) -> list[float]:
    return [0.7 if each == label else 0.05 for each in LABELS]


def state(
    seq: int,
    label: str | None = "happy",
    *,
    session: str = SESSION,
    face: FaceState | None = None,
    start_ms: int | None = None,
) -> State:
    """A state of one second; without a label it abstains."""
    begin = seq * 1000 if start_ms is None else start_ms
    return State(
        session=session,
        participant="Ada",
        seq=seq,
        t_start_ms=begin,
        t_end_ms=begin + 1000,
        fused=Fused(label, probs(label), 0.7, 0.5, 0.25) if label else None,
        abstain=None if label else AbstainReason("no_face"),
        modalities=ModalityStates(face=face) if face else ModalityStates(),
        latency=Latency(0.0, 0.0, 0, 0.0),
        dropped=NO_DROPS,
        level="full",
        muted=[],
        models={},
    )


def face(blinks: int = 0, quality: list[str] | None = None) -> FaceState:
    return FaceState(
        probs=probs("happy"),
        weight=0.6,
        coverage=0.8,
        age_ms=120,
        box=[0.1, 0.2, 0.3, 0.4],
        blinks_total=blinks,
        blink_rate=12.5,
        quality=quality or [],
    )


PROSODY = Prosody(0.75, 1, 320, 182.4, 4.6, 3.9)
VOICE = VoiceState(probs("sad"), 0.3, 0.5, 900, 1400, -23.4, ["clipped"], PROSODY)
TRAITS = Traits(
    412,
    {
        "extraversion": TraitScore(0.5312, 0.4411, 0.6213),
        "neuroticism": TraitScore(0.4418, 0.3402, 0.5434),
        "agreeableness": TraitScore(0.5021, 0.4213, 0.5829),
        "conscientiousness": TraitScore(0.4711, 0.3915, 0.5507),
        "openness": TraitScore(0.6218, 0.5115, 0.7321),
    },
    None,
)
TEXT = TextState(probs("neutral"), 0.1, 1.0, 4000, 2, [], "caption")


def facts(
    session: str = SESSION,
    participant: str = "Ada",
    *,
    opened_ms: int = OPENED_MS,
    keep_days: int | None = None,
) -> Facts:
    return Facts(
        session=session,
        opened_ms=opened_ms,
        person=Person("", participant, "ward-7", RECEIPT),
        tick_ms=1000,
        modalities=["face", "voice", "text"],
        models={"face": "face_expression@2.0.0"},
        keep_days=keep_days,
        keep_text=True,
        purpose="telehealth",
    )


def batch(session: str = SESSION, participant: str = "Ada", **about: int) -> Batch:
    """Return a whole session: ten states, two events and a line."""
    opened = facts(session, participant, **about)
    closing = Closing(session, opened.opened_ms + 10_000, "closed", TOTALS)
    return Batch(
        openings=[opened],
        rows=[
            *(state_row(state(seq, session=session)) for seq in range(10)),
            EventRow(session, 2000, 0, "speaking", "", True),
            EventRow(session, 5000, 1, "speaking", "", False),
            LineRow(session, 3000, 2, "chat", "the canary sings"),
        ],
        closings=[closing],
    )
