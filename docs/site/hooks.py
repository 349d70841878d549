"""What the documentation's site has of its own (https://www.mkdocs.org/dev-guide/plugins/#events).

Its navigation is the index, its anchors are GitHub's, and it holds the files of the repository that
pages link to.
"""

import re
from pathlib import Path
from typing import Any

from mkdocs.structure.files import File

_HEADING = re.compile(r"^## (.+)$")
_ENTRY = re.compile(r"^- \[(.+)\]\((.+\.md)\)$")
_OUTSIDE = re.compile(r"\]\(\.\./\.\./([\w./-]+)\)")
SOURCES = "source"
"""Folder of the site that holds files of the repository."""


def on_config(config: Any) -> Any:
    """Set the navigation and the anchors."""
    index = Path(config.docs_dir, "index.md").read_text(encoding="utf-8")
    config.nav = [{"Start": "index.md"}, *sections(index)]
    config.mdx_configs["toc"]["slugify"] = anchor
    return config


def on_files(files: Any, config: Any) -> Any:
    """Add what pages link to outside of ``docs``."""
    root = Path(config.docs_dir).parent
    for page in files.documentation_pages():
        for path in _OUTSIDE.findall(page.content_string):
            name = f"{SOURCES}/{path}"
            if files.get_file_from_path(name) is None:
                files.append(File.generated(config, name, abs_src_path=str(root / path)))
    return files


def on_page_markdown(markdown: str, **_: object) -> str:
    """Let links to files outside of ``docs`` lead to their copies; pages lie one folder deep."""
    return _OUTSIDE.sub(rf"](../{SOURCES}/\1)", markdown)


def sections(index: str) -> list[dict[str, list[dict[str, str]]]]:
    """Return the links below each heading, as MkDocs wants them."""
    found: list[dict[str, list[dict[str, str]]]] = []
    for line in index.splitlines():
        if heading := _HEADING.match(line):
            found.append({heading[1]: []})
        elif entry := _ENTRY.match(line):
            [entries] = found[-1].values()
            entries.append({entry[1][0].upper() + entry[1][1:]: entry[2]})
    return found


def anchor(title: str, separator: str) -> str:
    """Return what a heading is linked by."""
    return re.sub(r"[^\w\- ]", "", title.strip().lower()).replace(" ", separator)
