"""Databases of the records: SQLite, and PostgreSQL where it is installed."""

from pathlib import Path

import pytest

from esapr.server.config import ServerConfig
from esapr.server.records.cipher import new_key
from tests.postgres import new_database


@pytest.fixture
def sqlite_config(tmp_path: Path) -> ServerConfig:
    """Settings with an empty state folder."""
    return ServerConfig(state_dir=str(tmp_path))


@pytest.fixture
def postgres_config(tmp_path: Path, postgres_url: str) -> ServerConfig:
    """Settings with an empty PostgreSQL database."""
    url = new_database(postgres_url)
    return ServerConfig(state_dir=str(tmp_path), database_url=url, records_keys=(new_key(),))


@pytest.fixture(params=["sqlite", "postgresql"])
def config(request: pytest.FixtureRequest) -> ServerConfig:
    """Settings with an empty database of either kind."""
    name = "sqlite_config" if request.param == "sqlite" else "postgres_config"
    found: ServerConfig = request.getfixturevalue(name)
    return found
