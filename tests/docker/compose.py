"""What the compose files say, with what their services take from one another."""

from pathlib import Path
from typing import Any

import yaml

FOLDER = Path(__file__).parents[2] / "docker"
FILES = ["compose.yaml", "compose.cluster.yaml"]

Service = dict[str, Any]


def read(file: str) -> dict[str, Any]:
    """Return a compose file."""
    found: dict[str, Any] = yaml.safe_load((FOLDER / file).read_text(encoding="utf-8"))
    return found


def services(file: str) -> dict[str, Service]:
    """Return its services, with what they extend: mappings are joined, all else is replaced."""
    found = read(file)["services"]
    return {name: _extended(service) for name, service in found.items()}


def _extended(service: Service) -> Service:
    if "extends" not in service:
        return service
    source = service["extends"]
    known = services(source["file"])[source["service"]]
    joined = {
        key: known[key] | value
        for key, value in service.items()
        if isinstance(value, dict) and isinstance(known.get(key), dict)
    }
    return {**known, **service, **joined}
