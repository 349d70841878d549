"""Servers that several folders of tests ask."""

from collections.abc import Iterator

import pytest

from tests.postgres import postgres


@pytest.fixture(scope="session")
def postgres_url() -> Iterator[str]:
    """URL of a PostgreSQL server that runs as long as the tests."""
    with postgres() as url:
        yield url
