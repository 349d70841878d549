"""The JSON Schema holds every type."""

import json
from typing import get_args

from esapr.protocol import messages, schema


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
