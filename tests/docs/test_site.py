"""The documentation as a site: every link leads somewhere, and nothing comes from elsewhere."""

import os
import re
import shutil
import subprocess
import sysconfig
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
MKDOCS = Path(sysconfig.get_path("scripts"), "mkdocs")
QUIET = {**os.environ, "NO_MKDOCS_2_WARNING": "1"}


def build(folder: Path, site: Path) -> subprocess.CompletedProcess[str]:
    """Build the documentation in ``folder``."""
    command = (MKDOCS, "build", "--strict", "--config-file", folder / "mkdocs.yml")
    return subprocess.run(
        [*command, "--site-dir", site], env=QUIET, capture_output=True, text=True, check=False
    )


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("site")
    done = build(ROOT, folder)
    assert done.returncode == 0, done.stderr
    return folder


def test_every_page_is_on_it_and_in_its_navigation(site: Path) -> None:
    pages = {path.relative_to(ROOT / "docs") for path in (ROOT / "docs").rglob("*.md")}
    start = (site / "index.html").read_text(encoding="utf-8")
    assert len(pages) > 50
    for page in pages:
        address = page.with_suffix(".html").as_posix()
        assert (site / address).is_file()
        assert re.search(rf'<a href="{address}" class="md-nav__link', start) or (
            address == "index.html"
        )


def test_it_needs_no_network(site: Path) -> None:
    """Pages load what lies beside them, and so does the theme's code."""
    loads = re.compile(r'<(?:script|img|iframe)[^>]* src="([^"]+)|<link[^>]* href="([^"]+)')
    for page in site.rglob("*.html"):
        for found in loads.findall(page.read_text(encoding="utf-8")):
            address = "".join(found)
            # The canonical address of a page is no request.
            assert "://" not in address, (page, address)


def test_a_file_of_the_repository_that_a_page_links_to_is_there(site: Path) -> None:
    law = (site / "explanation/law.html").read_text(encoding="utf-8")
    assert 'href="../source/server/trust/policy.toml"' in law
    copied = site / "source/server/trust/policy.toml"
    assert copied.read_bytes() == (ROOT / "server/trust/policy.toml").read_bytes()


@pytest.mark.parametrize("link", ["nowhere.md", "install.md#nowhere", "../../nowhere.py"])
def test_a_link_that_leads_nowhere_stops_the_build(link: str, tmp_path: Path) -> None:
    (tmp_path / "docs/how-to").mkdir(parents=True)
    shutil.copy(ROOT / "mkdocs.yml", tmp_path)
    shutil.copytree(ROOT / "docs/site", tmp_path / "docs/site")
    (tmp_path / "docs/index.md").write_text("## How-to guides\n\n- [install](how-to/install.md)\n")
    (tmp_path / "docs/how-to/install.md").write_text(f"# Install\n\n[here]({link})\n")
    done = build(tmp_path, tmp_path / "built")
    assert done.returncode != 0
    assert "nowhere" in done.stderr
