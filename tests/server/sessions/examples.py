"""Messages for tests."""

from esapr.protocol.messages import DropCounts, Latency, ModalityStates, State


def state(seq: int) -> State:
    return State(
        session="s",
        participant="p",
        seq=seq,
        t_start_ms=seq * 1000,
        t_end_ms=(seq + 1) * 1000,
        fused=None,
        abstain=None,
        modalities=ModalityStates(),
        latency=Latency(0.0, 0.0, 0, 0.0),
        dropped=DropCounts(0, 0, 0),
        level="full",
        models={},
    )
