"""Programs that tests run: those of Debian, not of Python."""

import os
import shutil

import pytest


def program(name: str, package: str) -> str:
    """Return the path of a program; without it skip the test, or fail where CI is set."""
    # Debian puts servers where only root's PATH leads.
    found = shutil.which(name) or shutil.which(name, path="/usr/sbin:/usr/local/sbin")
    if found is None:
        missing = f"missing: {name} (apt-get install {package})"
        if os.environ.get("CI"):
            pytest.fail(missing)
        pytest.skip(missing)
    return found
