"""Writes each golden message in MessagePack beside its JSON."""

from pathlib import Path
from typing import get_args

from esapr.protocol.codec import Format, decode_client, decode_server, encode
from esapr.protocol.messages import ClientMessage

WIRE = Path(__file__).parent
SENT = {kind.__struct_config__.tag for kind in get_args(ClientMessage)}

if __name__ == "__main__":
    for golden in WIRE.glob("*.json"):
        decode = decode_client if golden.stem in SENT else decode_server
        message = decode(golden.read_bytes(), Format.JSON)
        golden.with_suffix(".msgpack").write_bytes(encode(message, Format.MSGPACK))
