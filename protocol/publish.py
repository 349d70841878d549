"""Writes the published reference: ``python -m esapr.protocol.publish``, in the project's root."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from esapr.protocol.asyncapi import asyncapi
from esapr.protocol.openapi import openapi
from esapr.protocol.schema import schema

DOCUMENTS: dict[str, Callable[[], dict[str, Any]]] = {
    "docs/reference/asyncapi.json": asyncapi,
    "docs/reference/openapi.json": openapi,
    "web_client/protocol.schema.json": schema,
}
"""Each generated document by its place in the tree."""


def text(document: dict[str, Any]) -> str:
    """Return a document as it is written."""
    return json.dumps(document, indent=2) + "\n"


def main() -> None:
    """Write every document."""
    for name, document in DOCUMENTS.items():
        Path(name).write_text(text(document()), encoding="utf-8")


if __name__ == "__main__":
    main()
