"""What tests need beside Python: without it they are skipped, or fail where CI is set."""

import os
import shutil
from typing import NoReturn

import pytest


def missing(what: str) -> NoReturn:
    """Skip the test, or fail it where CI is set, because ``what`` is not there."""
    if os.environ.get("CI"):
        pytest.fail(f"missing: {what}")
    pytest.skip(f"missing: {what}")


def program(name: str, package: str) -> str:
    """Return the path of a program that a Debian package holds."""
    # Debian puts servers where only root's PATH leads.
    found = shutil.which(name) or shutil.which(name, path="/usr/sbin:/usr/local/sbin")
    return found or missing(f"{name} (apt-get install {package})")
