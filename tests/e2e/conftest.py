"""Chromium and its devices, once a module."""

import shutil

import pytest

from esapr.web_client import STATIC
from tests.e2e.browser import FakeDevices, fake_devices
from tests.programs import missing, program


@pytest.fixture(scope="module")
def chromium() -> str:
    if not (STATIC / "index.html").is_file():
        missing("the page (npm ci && npm run build in web_client/)")
    return shutil.which("chromium-browser") or program("chromium", "chromium")


@pytest.fixture(scope="module")
def devices(tmp_path_factory: pytest.TempPathFactory) -> FakeDevices:
    return fake_devices(tmp_path_factory.mktemp("devices"))
