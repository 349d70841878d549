"""The one command that rebuilds a model."""

from importlib.util import find_spec

from esapr import models_onnx
from esapr.models_onnx.training.__main__ import STEPS


def test_every_shipped_model_can_be_rebuilt() -> None:
    assert STEPS.keys() == models_onnx.folders().keys()


def test_every_step_is_a_module_that_can_be_run() -> None:
    for steps in STEPS.values():
        for module, *_ in steps:
            assert find_spec(f"esapr.models_onnx.training.{module}")
