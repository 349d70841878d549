"""Every wire message, error code and close code of protocol v1; imports nothing of ours.

The rules behind the messages are in ``docs/reference/protocol.md``; the JSON Schema that
``python -m esapr.protocol.schema`` prints is generated from these types.
"""

VERSION = 1
JSON_SUBPROTOCOL = "esapr.v1.json"
MSGPACK_SUBPROTOCOL = "esapr.v1.msgpack"
TOKEN_PREFIX = "esapr.token."
