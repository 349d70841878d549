"""A state as a line for people."""

from esapr.inference.emotions import LABELS
from esapr.load_tests.tally import parts
from esapr.protocol.messages import AbstainReason, Fused, State


def verdict(fused: Fused | None, abstain: AbstainReason | None) -> str:
    """Return the expression and its confidence, or why there is none."""
    if fused is not None:
        return f"{fused.label} {fused.confidence:.2f}"
    return f"({abstain.reason if abstain else 'no expression'})"


def line(state: State) -> str:
    """Return when a state ends, what it shows and what that rests on."""
    shown = " ".join(
        f"{name} {LABELS[part.probs.index(max(part.probs))]} x{part.weight:.2f}".ljust(22)
        for name, part in parts(state)
    )
    return f"{state.t_end_ms / 1000:6.1f} s  {verdict(state.fused, state.abstain):<16} {shown}"
