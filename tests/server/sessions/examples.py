"""Messages for tests."""

from esapr.protocol.messages import DropCounts, Fused, Latency, ModalityStates, State


def state(
    seq: int, session: str = "s", participant: str = "p", fused: Fused | None = None
) -> State:
    return State(
        session=session,
        participant=participant,
        seq=seq,
        t_start_ms=seq * 1000,
        t_end_ms=(seq + 1) * 1000,
        fused=fused,
        abstain=None,
        modalities=ModalityStates(),
        latency=Latency(0.0, 0.0, 0, 0.0),
        dropped=DropCounts(0, 0, 0),
        level="full",
        muted=[],
        models={},
    )
