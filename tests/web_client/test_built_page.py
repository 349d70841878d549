"""What the package promises about the page, without a browser."""

import json
import re
from html.parser import HTMLParser
from pathlib import Path

import pytest

from esapr.protocol.schema import schema
from esapr.web_client import STATIC

FOLDER = Path(__file__).parents[2] / "web_client"


class References(HTMLParser):
    """Collects what a page loads."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        wanted = {"script": "src", "link": "href", "img": "src"}.get(tag)
        self.found += [value for name, value in attrs if name == wanted and value]


def test_the_schema_that_the_types_come_from_is_current() -> None:
    committed = json.loads((FOLDER / "protocol.schema.json").read_text(encoding="utf-8"))

    assert committed == schema(), "run `python -m esapr.protocol.publish`, then `npm run protocol`"


def test_the_lock_names_no_registry() -> None:
    lock = json.loads((FOLDER / "package-lock.json").read_text(encoding="utf-8"))

    assert [name for name, package in lock["packages"].items() if "resolved" in package] == []


PAGES = ("index", "analyze", "report", "staff", "room", "embed-check", "offline")


@pytest.mark.parametrize("name", PAGES)
def test_a_built_page_loads_only_files_beside_it(name: str) -> None:
    file = STATIC / f"{name}.html"
    if not file.is_file():
        pytest.skip("the page is not built: npm ci && npm run build in web_client/")
    page = References()
    page.feed(file.read_text(encoding="utf-8"))
    files = [path for path in page.found if not path.startswith("data:")]

    assert files
    assert [path for path in files if not (STATIC / path.lstrip("/")).is_file()] == []


def test_what_sites_embed_is_complete_in_one_file() -> None:
    scripts = sorted((STATIC / "embed").glob("*.js"))
    if not scripts:
        pytest.skip("the page is not built: npm ci && npm run build in web_client/")
    assert {script.name for script in scripts} >= {
        "widget.js",
        "widget.iife.js",
        "check.js",
        "room.js",
    }
    for script in scripts:
        text = script.read_text(encoding="utf-8")
        assert not re.search(r"""^import\s|\bfrom\s*["']|\bimport\(""", text, re.MULTILINE), script


def test_the_styles_load_nothing_from_elsewhere() -> None:
    for sheet in STATIC.glob("assets/*.css"):
        urls = re.findall(r"url\(([^)]+)\)", sheet.read_text(encoding="utf-8"))
        assert [url for url in urls if not url.strip("'\"").startswith(("/assets/", "data:"))] == []
