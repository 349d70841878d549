"""What a Dockerfile says, as far as tests ask."""

import json
import re
import shlex
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Dockerfile:
    """Its instructions in their order: a word in capitals and the rest of the line."""

    instructions: list[tuple[str, str]]

    def all(self, word: str) -> list[str]:
        """Return what follows each ``word``."""
        return [rest for found, rest in self.instructions if found == word]

    def last(self, word: str) -> str:
        """Return what follows the last ``word``: what holds in the image."""
        return self.all(word)[-1]

    def environment(self) -> dict[str, str]:
        """Return the variables that the image sets."""
        pairs = (pair for rest in self.all("ENV") for pair in shlex.split(rest))
        return dict(pair.split("=", 1) for pair in pairs)

    def command(self) -> list[str]:
        """Return what a container runs if it is told nothing."""
        return [*self.entrypoint(), *json.loads(self.last("CMD"))]

    def entrypoint(self) -> list[str]:
        """Return what a container runs before the words that it is given."""
        return list(json.loads(self.last("ENTRYPOINT")))

    def health(self) -> list[str]:
        """Return the command that says whether a container is well."""
        return list(json.loads(self.last("HEALTHCHECK").partition(" CMD ")[2]))

    def copied(self) -> set[str]:
        """Return what is copied out of the build's context."""
        return {
            source
            for rest in self.all("COPY")
            if not rest.startswith("--from=")
            for source in rest.split()[:-1]
        }


def read(path: Path) -> Dockerfile:
    """Read a Dockerfile."""
    lines = [
        line
        for line in path.read_text(encoding="utf-8").splitlines()
        if line.strip() and not line.startswith("#")
    ]
    joined = re.sub(r"\s*\\\n\s*", " ", "\n".join(lines))
    words = (line.split(" ", 1) for line in joined.splitlines())
    return Dockerfile([(word, rest) for word, rest in words])
