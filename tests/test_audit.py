"""``make audit``: a known vulnerability ends the build, advisories that cannot be read do not."""

import json
import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

from tests.programs import missing

ROOT = Path(__file__).parent.parent
BAD, GOOD, PAGE = "aiohttp", "msgspec", "lit"
PYTHON_ADVISORY = {
    "id": "PYSEC-0000-1",
    "summary": "an example",
    "affected": [{"package": {"name": BAD, "ecosystem": "PyPI"}}],
}
PAGE_ADVISORY = {
    "id": 1,
    "url": "https://example.invalid/1",
    "title": "an example",
    "severity": "high",
    "vulnerable_versions": "*",
}


class Advisories(BaseHTTPRequestHandler):
    """Answers as OSV and as an npm registry do; ``server.bad`` names what is vulnerable."""

    def do_POST(self) -> None:
        asked = self.rfile.read(int(self.headers["Content-Length"]))
        bad = self.server.bad  # type: ignore[attr-defined]
        if self.path == "/osv":
            package = json.loads(asked)["package"]["name"]
            self._answer({"vulns": [PYTHON_ADVISORY]} if package == bad else {})
        else:
            self._answer({bad: [PAGE_ADVISORY]} if bad == PAGE else {})

    def do_GET(self) -> None:
        self._answer({"name": self.path[1:], "versions": {}})

    def _answer(self, body: object) -> None:
        self.send_response(200)
        self.end_headers()
        self.wfile.write(json.dumps(body).encode())

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@contextmanager
def advisories(bad: str) -> Iterator[str]:
    with ThreadingHTTPServer(("127.0.0.1", 0), Advisories) as server:
        server.bad = bad  # type: ignore[attr-defined]
        Thread(target=server.serve_forever).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


def audit(url: str, lock: Path, *variables: str) -> subprocess.CompletedProcess[str]:
    lock.write_text(f"{BAD}==3.14.0\n{GOOD}==0.20.0\n", encoding="utf-8")
    sources = {
        "PIP_AUDIT_VULNERABILITY_SERVICE": "osv",
        "PIP_AUDIT_OSV_URL": f"{url}/osv",
        "npm_config_registry": url,
    }
    return subprocess.run(
        ["make", "--silent", "-C", ROOT, "-o", "setup", "audit", f"AUDITED={lock}", *variables],
        env={**os.environ, **sources},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )


def test_a_vulnerable_package_of_python_ends_the_build(tmp_path: Path) -> None:
    with advisories(BAD) as url:
        done = audit(url, tmp_path / "lock", "NODE=")

    assert done.returncode != 0
    assert BAD in done.stdout
    assert "PYSEC-0000-1" in done.stdout
    assert GOOD not in done.stdout


def test_a_vulnerable_package_of_the_page_ends_the_build(tmp_path: Path) -> None:
    if not shutil.which("npm"):
        missing("npm (Node 20 or newer)")
    with advisories(PAGE) as url:
        done = audit(url, tmp_path / "lock")

    assert "no known vulnerability in Python's packages" in done.stdout
    assert done.returncode != 0
    assert "https://example.invalid/1" in done.stdout


def test_advisories_that_cannot_be_read_are_said(tmp_path: Path) -> None:
    with advisories("nothing") as url:
        pass
    done = audit(url, tmp_path / "lock", "NODE=")

    assert (done.returncode, done.stdout) == (0, "not audited: the advisories cannot be read\n")
