"""A state comes back from its row with every digit that the wire has."""

from msgspec import UNSET
from msgspec.structs import replace

from esapr.protocol.messages import DropCounts, ModalityStates
from esapr.protocol.traits import Traits
from esapr.server.records.packing import recorded_state, state_row
from tests.server.records.stored import TEXT, TRAITS, VOICE, face, state


def test_a_state_comes_back_as_it_was_sent() -> None:
    sent = replace(
        state(7, "happy"),
        modalities=ModalityStates(face=face(3, ["dark"]), voice=VOICE, text=TEXT),
        dropped=DropCounts(4, 5, 6),
        level="reduced",
        muted=["voice"],
        traits=TRAITS,
    )

    kept = recorded_state(state_row(sent))

    assert (kept.seq, kept.t_start_ms, kept.t_end_ms) == (7, 7000, 8000)
    assert (kept.fused, kept.abstain) == (sent.fused, None)
    assert (kept.dropped, kept.level, kept.muted) == (DropCounts(4, 5, 6), "reduced", ["voice"])
    assert (kept.modalities.voice, kept.modalities.text) == (VOICE, TEXT)
    assert kept.traits == TRAITS
    assert kept.modalities.face is not UNSET
    assert kept.modalities.face.probs == face().probs
    assert (kept.modalities.face.blinks_total, kept.modalities.face.blink_rate) == (3, 12.5)
    assert (kept.modalities.face.weight, kept.modalities.face.coverage) == (0.6, 0.8)
    assert kept.modalities.face.quality == ["dark"]


def test_a_state_without_an_expression_keeps_its_reason() -> None:
    kept = recorded_state(state_row(state(0, None)))

    assert kept.fused is None
    assert kept.abstain is not None
    assert kept.abstain.reason == "no_face"
    assert kept.modalities.face is UNSET


def test_words_that_are_too_few_are_counted() -> None:
    few = Traits(57, None, "insufficient_text")

    assert recorded_state(state_row(replace(state(0), traits=few))).traits == few
    assert recorded_state(state_row(state(0))).traits is UNSET


def test_where_the_face_was_is_not_kept() -> None:
    here = replace(state(0), modalities=ModalityStates(face=face()))
    there = replace(
        state(0), modalities=ModalityStates(face=replace(face(), box=[0.9, 0.8, 0.1, 0.1]))
    )

    assert state_row(here) == state_row(there)
