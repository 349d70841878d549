"""The tests of the cluster need what the extra ``cluster`` installs."""

import os
from importlib.util import find_spec

import pytest


def require(*modules: str) -> None:
    """Skip the module that calls this, or fail it on CI, where something is not installed."""
    missing = [module for module in modules if find_spec(module) is None]
    if missing and os.environ.get("CI"):
        pytest.fail(f"missing: {', '.join(missing)} (make test installs them)")
    if missing:
        pytest.skip(f"missing: {', '.join(missing)} (make test)", allow_module_level=True)
