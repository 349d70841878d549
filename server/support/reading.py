"""Files of entries, in TOML: what is wrong with one is said by its id and the field."""

import re
import tomllib
from typing import Annotated, Any, TypeVar

import msgspec
from msgspec import Meta, Struct

from esapr.server.support import SupportError

Text = Annotated[str, Meta(min_length=1)]
Address = Annotated[str, Meta(pattern="^https://")]
T = TypeVar("T", bound=Struct)

_ENTRY = re.compile(r"`\$\.(\w+)\[(\d+)\]")


def read_toml(text: str, kind: type[T]) -> T:
    """Return ``text`` as ``kind``, whose lists hold entries with an ``id``.

    Raises:
        SupportError: it is not; the message names the entry and the field.
    """
    try:
        content = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise SupportError(f"no TOML: {error}") from error
    try:
        return msgspec.convert(content, kind)
    except msgspec.ValidationError as error:
        raise SupportError(f"{_entry(str(error), content)}{error}") from error


def _entry(problem: str, content: dict[str, Any]) -> str:
    """Return which entry ``problem`` is about; msgspec only counts them."""
    place = _ENTRY.search(problem)
    if place is None:
        return ""
    entry = content[place[1]][int(place[2])]
    return f"{entry.get('id', place[2])}: " if isinstance(entry, dict) else ""
