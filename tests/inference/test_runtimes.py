"""Two builds of ONNX Runtime in one environment are refused."""

import pytest

from esapr.inference.sessions import RuntimeConflictError, check_runtimes


@pytest.mark.parametrize("runtime", ["onnxruntime", "onnxruntime-gpu"])
def test_one_runtime_is_fine(runtime: str) -> None:
    check_runtimes(["numpy", runtime])


def test_both_runtimes_are_refused_with_the_way_out() -> None:
    with pytest.raises(RuntimeConflictError, match="make setup EXTRA=gpu"):
        check_runtimes(["onnxruntime", "numpy", "onnxruntime-gpu"])
