"""Where the keys of the records come from."""

from pathlib import Path

from esapr.server.config import ServerConfig
from esapr.server.records import RecordsError
from esapr.server.records.cipher import new_key
from esapr.server.records.files import create

FILE_NAME = "records.key"


def read_keys(config: ServerConfig) -> list[str]:
    """Return the keys, newest first: ``records_keys``, or the lines of ``records_key_file``.

    Beside an SQLite database in the state folder a key is made if there is none: others must be
    given one, as each gateway would make its own.

    Raises:
        RecordsError: there is no key.
    """
    if config.records_keys:
        return list(config.records_keys)
    if config.records_key_file:
        path = Path(config.records_key_file).expanduser()
        if not path.is_file():
            raise RecordsError(f"records_key_file: there is no file {path}")
    elif config.database_url:
        raise RecordsError("database_url needs records_keys or records_key_file")
    else:
        path = config.state_folder / FILE_NAME
        create(path, _write_key)
    return path.read_text(encoding="ascii").split()


def _write_key(path: Path) -> None:
    path.write_text(new_key() + "\n", encoding="ascii")
