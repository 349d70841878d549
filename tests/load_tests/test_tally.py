from msgspec import UNSET

from esapr.load_tests.tally import Tally
from esapr.protocol.messages import (
    AbstainReason,
    DropCounts,
    Fused,
    Latency,
    ModalityStates,
    State,
    TextState,
)

PROBS = [0.0, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0]
FUSED = Fused(label="happy", probs=PROBS, confidence=1.0, valence=0.8, arousal=0.5)


def state(*, weight: float | None, batch_size: int = 1) -> State:
    text = (
        TextState(probs=PROBS, weight=weight, coverage=1.0, age_ms=0, lines=1, quality=[])
        if weight is not None
        else UNSET
    )
    return State(
        session="s",
        participant="p",
        seq=0,
        t_start_ms=0,
        t_end_ms=1000,
        fused=FUSED if weight is not None else None,
        abstain=None if weight is not None else AbstainReason("no_evidence"),
        modalities=ModalityStates(text=text),
        muted=[],
        latency=Latency(capture_to_state_ms=80.0, queue_ms=1, batch_size=batch_size, infer_ms=2),
        dropped=DropCounts(frames=0, windows=0, lines=0),
        level="full",
        models={},
    )


def test_only_fused_states_and_weights_count() -> None:
    tally = Tally()
    for weight in (None, 0.0, 0.4):
        tally.add(state(weight=weight))

    assert (tally.states, tally.fused) == (3, 2)
    assert tally.modalities == {"text": 1}
    assert tally.missing == ["face", "voice"]


def test_a_state_without_new_evidence_has_no_delay() -> None:
    tally = Tally()
    tally.add(state(weight=1.0, batch_size=0))
    tally.add(state(weight=1.0))

    assert tally.delays_ms == [80.0]
