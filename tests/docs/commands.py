"""The commands that pages tell a reader to give."""

import re
import tomllib
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[2]
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs/how-to").glob("*.md"))]
SHELLS = ("sh", "bash", "console")

_FENCE = re.compile(r"^```(\w*)")
_HERE = re.compile(r"<<(\w+)$")
_COMMENT = re.compile(r"(^|\s)#.*")
_SETTING = re.compile(r"ESAPR_\w+=")


def blocks(text: str) -> Iterator[str]:
    """Yield what stands in each block of a shell, fenced or indented by four spaces."""
    block: list[str] = []
    language: str | None = None
    for line in [*text.splitlines(), ""]:
        if fence := _FENCE.match(line):
            language = fence[1] if language is None else None
        shown = language in SHELLS or (language is None and line.startswith("    "))
        if shown and not fence:
            block.append(line if language else line[4:])
        elif block:
            yield "\n".join(block)
            block = []


def commands(block: str) -> Iterator[str]:
    """Yield the commands of a block, without comments, line breaks and documents that are in it."""
    document, begun = "", ""
    for line in block.splitlines():
        if document:
            document = "" if line == document else document
            continue
        command = begun + _COMMENT.sub("", line).strip()
        begun = command[:-1] if command.endswith("\\") else ""
        if command and not begun:
            if here := _HERE.search(command):
                document = here[1]
            yield command


def of_pages() -> list[tuple[str, str]]:
    """Return every command with the name of its page; blocks of settings alone are no commands."""
    found = []
    for page in PAGES:
        for block in blocks(page.read_text(encoding="utf-8")):
            if not is_configuration(block):
                found += [(page.name, command) for command in commands(block)]
    return found


def is_configuration(block: str) -> bool:
    """Return whether a block is the text of a file: settings of ours, coturn's, or TOML."""
    lines = [line for line in block.splitlines() if line]
    ours = all(_SETTING.match(line) and " esapr " not in line for line in lines)
    return ours or lines[0].startswith("listening-port=") or is_toml(block)


def is_toml(text: str) -> bool:
    """Return whether a text is TOML."""
    try:
        tomllib.loads(text)
    except tomllib.TOMLDecodeError:
        return False
    return True
