import os
import re
import stat
import string
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from esapr.server.trust.key_file import KeyFile, KeyFileError
from esapr.server.trust.keys import find_key, make_key

NOW = datetime(2026, 11, 23, tzinfo=UTC)
YEAR = timedelta(days=365)


def test_a_key_opens_until_it_expires() -> None:
    text, key = make_key("clinic", ["sessions"], NOW, YEAR)
    assert find_key(text, [key], NOW) == key
    assert find_key(text, [key], NOW + YEAR) is None
    assert find_key(text, [], NOW) is None


def test_a_key_can_be_found_by_a_scanner_and_is_not_what_is_kept() -> None:
    text, key = make_key("clinic", ["sessions"], NOW, YEAR)
    assert re.fullmatch(r"esapr_[0-9A-Za-z]{8}_[0-9A-Za-z]{38}", text)
    secret = text.rpartition("_")[2]
    assert secret not in repr(key)


@given(st.integers(0, 52), st.sampled_from(string.ascii_letters + string.digits + "_-é "))
def test_a_key_with_another_character_is_no_key(place: int, character: str) -> None:
    text, key = make_key("clinic", ["sessions"], NOW, YEAR)
    changed = text[:place] + character + text[place + 1 :]
    assert (find_key(changed, [key], NOW) is not None) == (changed == text)


def test_a_secret_of_another_key_does_not_open() -> None:
    """Its checksum is right, its id is known: the hash is what counts."""
    text, key = make_key("clinic", ["sessions"], NOW, YEAR)
    _, other = make_key("rival", ["sessions"], NOW, YEAR)
    forged = type(other)(key.id, "rival", other.scopes, NOW, NOW + YEAR, other.hash)
    assert find_key(text, [forged], NOW) is None


def test_the_file_is_private_and_a_change_is_seen_at_once(tmp_path: Path) -> None:
    path = tmp_path / "state" / "keys.json"
    running, command = KeyFile(path), KeyFile(path)
    assert running.read() == []
    text = command.create("clinic", ["sessions"], YEAR)
    assert stat.S_IMODE(os.stat(path).st_mode) == 0o600
    assert stat.S_IMODE(os.stat(path.parent).st_mode) == 0o700
    assert text not in path.read_text()
    found = running.find(text)
    assert found is not None
    assert command.revoke(found.id)
    assert running.find(text) is None
    assert not command.revoke(found.id)


def test_keys_that_are_made_at_the_same_time_are_all_kept(tmp_path: Path) -> None:
    path = tmp_path / "keys.json"
    with ThreadPoolExecutor(8) as pool:
        made = list(
            pool.map(lambda _: KeyFile(path).create("clinic", ["sessions"], YEAR), range(32))
        )
    assert all(KeyFile(path).find(text) for text in made)


def test_a_damaged_file_is_named(tmp_path: Path) -> None:
    path = tmp_path / "keys.json"
    path.write_text('{"keys": [{"id": 1}]}')
    with pytest.raises(KeyFileError, match=str(path)):
        KeyFile(path).read()
