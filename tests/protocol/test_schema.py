"""The published schema is the one that the types give."""

import io
import json
from contextlib import redirect_stdout
from pathlib import Path
from typing import get_args

from esapr.protocol import messages, schema

PUBLISHED = Path(__file__).parents[2] / "web_client/protocol.schema.json"


def test_the_published_schema_is_current() -> None:
    written = io.StringIO()
    with redirect_stdout(written):
        schema.main()

    assert PUBLISHED.read_text(encoding="utf-8") == written.getvalue()


def test_the_schema_defines_every_message() -> None:
    defined = schema.schema()["$defs"]

    for union in (messages.ClientMessage, messages.ServerMessage):
        assert {kind.__name__ for kind in get_args(union)} <= defined.keys()


def test_references_in_the_schema_lead_somewhere() -> None:
    document = schema.schema()
    references = [
        part.split('"')[0] for part in json.dumps(document).split('"$ref": "#/$defs/')[1:]
    ]

    assert references
    assert set(references) <= document["$defs"].keys()
