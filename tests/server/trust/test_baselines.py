"""A baseline is handed out signed, and taken back from nobody else, for a while."""

from datetime import UTC, datetime
from pathlib import Path

import msgspec
import numpy as np
import pytest

from esapr.inference.baseline import Baseline
from esapr.inference.signals import Modality
from esapr.protocol import limits
from esapr.protocol.errors import ErrorCode, ProtocolError
from esapr.protocol.requests import SessionRequest
from esapr.server.trust.baselines import Baselines, person_of
from esapr.server.trust.signing import KEPT_KEYS, Signing
from tests.serving import CONSENT

MODELS = {"face": "face_expression@1.0.0", "voice": "voice_expression@1.0.0"}
NOW = datetime(2026, 11, 1, tzinfo=UTC).timestamp()
DAY = 86_400
OWN = Baseline({Modality.FACE: np.linspace(-1.5, 1.5, 7)})


@pytest.fixture
def signing(tmp_path: Path) -> Signing:
    return Signing(tmp_path / "keys.json")


def person(holder: str = "clinic", subject: str = "ann") -> str:
    request = {"consent": {**CONSENT, "subject": subject}}
    return person_of(holder, msgspec.convert(request, SessionRequest))


def refusal(baselines: Baselines, blob: str, who: str, now: float) -> tuple[ErrorCode, str | None]:
    with pytest.raises(ProtocolError) as caught:
        baselines.open(blob, who, now)
    return caught.value.code, caught.value.field


def test_a_baseline_comes_back_as_it_was_handed_out(signing: Signing) -> None:
    baselines = Baselines(signing, MODELS)
    blob = baselines.seal(OWN, person(), NOW)
    found = baselines.open(blob, person(), NOW + limits.BASELINE_DAYS * DAY - 1)
    assert found.memory() == OWN.memory()
    assert "ann" not in blob
    both = Baseline({each: np.full(7, -1.2345) for each in Modality if each in MODELS})
    assert len(baselines.seal(both, person(), NOW)) < limits.MAX_BASELINE_CHARACTERS


def test_of_others_and_of_what_was_changed_nothing_is_taken(signing: Signing) -> None:
    baselines = Baselines(signing, MODELS)
    blob = baselines.seal(OWN, person(), NOW)
    head, body, signature = blob.split(".")
    foreign = (ErrorCode.BASELINE_FOREIGN, "blob")
    invalid = (ErrorCode.BASELINE_INVALID, "blob")
    assert refusal(baselines, blob, person(subject="bob"), NOW) == foreign
    assert refusal(baselines, blob, person(holder="other"), NOW) == foreign
    for changed in (f"{head}.{body[::-1]}.{signature}", f"{head}.{body}.", "no blob", ""):
        assert refusal(baselines, changed, person(), NOW) == invalid
    cookie = signing.seal(msgspec.defstruct("C", [("x", int)])(1), "cookie")
    assert refusal(baselines, cookie, person(), NOW) == invalid


def test_old_ones_and_those_of_other_models_are_outdated(signing: Signing) -> None:
    baselines = Baselines(signing, MODELS)
    blob = baselines.seal(OWN, person(), NOW)
    outdated = (ErrorCode.BASELINE_OUTDATED, "blob")
    assert refusal(baselines, blob, person(), NOW + limits.BASELINE_DAYS * DAY + 1) == outdated
    newer = Baselines(signing, MODELS | {"face": "face_expression@2.0.0"})
    assert refusal(newer, blob, person(), NOW) == outdated
    # A model that it does not concern may change.
    other = Baselines(signing, MODELS | {"voice": "voice_expression@2.0.0"})
    assert other.open(blob, person(), NOW).memory() == OWN.memory()


def test_it_outlives_a_rotation_of_keys_as_tokens_do(signing: Signing) -> None:
    baselines = Baselines(signing, MODELS)
    blob = baselines.seal(OWN, person(), NOW)
    for _ in range(KEPT_KEYS - 1):
        signing.rotate()
    assert baselines.open(blob, person(), NOW).memory() == OWN.memory()
    signing.rotate()
    assert refusal(baselines, blob, person(), NOW) == (ErrorCode.BASELINE_INVALID, "blob")
