"""A real OpenID provider, and the browser of somebody who signs in there."""

import html
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from subprocess import DEVNULL, PIPE, Popen

import aiohttp
from yarl import URL

from tests.programs import missing, program

SCRIPT = Path(__file__).with_suffix(".mjs")
PACKAGE = Path(__file__).parents[1] / "web_client/node_modules/oidc-provider"
SECRET = "a secret: with + and %"
ESAPR = "https://esapr.example"
"""Where the provider sends browsers back to; tests take it from there."""


@dataclass(frozen=True)
class RunningProvider:
    """A provider in which Ada is a therapist, Grace leads some, and Eve is neither."""

    issuer: str
    process: Popen[str]

    @property
    def settings(self) -> dict[str, object]:
        """Settings of a server whose staff sign in there."""
        return {
            "oidc_issuer": self.issuer,
            "oidc_client_id": "esapr",
            "oidc_client_secret": SECRET,
            "oidc_roles": ("therapists=clinician", "leads=supervisor"),
            "staff_url": ESAPR,
        }

    def rotate(self) -> None:
        """Sign with another key from now on; the one so far is gone."""
        assert self.process.stdin
        assert self.process.stdout
        self.process.stdin.write("\n")
        self.process.stdin.flush()
        assert self.process.stdout.readline() == "rotated\n"

    async def sign_in(self, address: str, login: str, *, deny: bool = False) -> URL:
        """Sign in at ``address`` as a person would; return where the browser is sent back to."""
        url = URL(address)
        jar = aiohttp.CookieJar(unsafe=True)
        async with aiohttp.ClientSession(cookie_jar=jar) as browser:
            while url.host in ("localhost", "127.0.0.1"):
                answer = await browser.get(url, allow_redirects=False)
                page = await answer.text()
                if answer.status == 200 and deny:
                    url = url.join(URL(_found(r'href="([^"]+/abort)"', page)))
                    continue
                if answer.status == 200:
                    url = url.join(URL(_found(r'action="([^"]+)"', page)))
                    fields = {"prompt": _found(r'name="prompt" value="(\w+)"', page)}
                    fields |= {"login": login, "password": "any"}
                    answer = await browser.post(url, data=fields, allow_redirects=False)
                assert answer.status in (302, 303), page
                url = url.join(URL(answer.headers["Location"]))
        return url


def _found(pattern: str, page: str) -> str:
    found = re.search(pattern, page)
    assert found, page
    return html.unescape(found[1])


@contextmanager
def openid_provider(host: str = "127.0.0.1") -> Iterator[RunningProvider]:
    """Run one until the block is left."""
    if not PACKAGE.is_dir():
        missing("oidc-provider (npm ci in web_client/)")
    command = [program("node", "nodejs"), str(SCRIPT), host]
    with Popen(command, stdin=PIPE, stdout=PIPE, stderr=DEVNULL, text=True) as process:
        assert process.stdin
        assert process.stdout
        try:
            yield RunningProvider(process.stdout.readline().strip(), process)
        finally:
            process.stdin.close()
