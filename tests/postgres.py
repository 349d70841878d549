"""A PostgreSQL server of the test run, from the wheel that holds one."""

from collections.abc import Iterator
from contextlib import contextmanager
from uuid import uuid4

from esapr.load_tests.chaos import FaultError
from esapr.load_tests.chaos.postgres import postgres as started
from tests.programs import missing


@contextmanager
def postgres() -> Iterator[str]:
    """Run a server and yield the URL of its first database."""
    try:
        import psycopg

        with started() as server:
            with psycopg.connect(server.url, autocommit=True) as connection:
                # Nothing has to outlive the tests.
                connection.execute("ALTER SYSTEM SET fsync = off")
                connection.execute("SELECT pg_reload_conf()")
            yield server.url
    except (FaultError, ImportError) as error:
        missing(f"PostgreSQL ({error}): make .venv/.ready-cluster")


def new_database(url: str) -> str:
    """Create an empty database beside that of ``url`` and return its URL."""
    import psycopg

    name = f"test_{uuid4().hex}"
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name}".encode())
    head, _, query = url.partition("?")
    return f"{head.rpartition('/')[0]}/{name}?{query}"
