"""Writes each golden message in MessagePack beside its JSON."""

from pathlib import Path
from typing import get_args

from esapr.protocol.analyses import AnalysisMessage
from esapr.protocol.codec import Format, decode_analysis, decode_client, decode_server, encode
from esapr.protocol.messages import ClientMessage, ServerMessage

WIRE = Path(__file__).parent
DECODERS = {
    ClientMessage: lambda data: decode_client(data, Format.JSON),
    AnalysisMessage: decode_analysis,
    ServerMessage: lambda data: decode_server(data, Format.JSON),
}
DECODER = {
    kind.__struct_config__.tag: decode
    for kinds, decode in DECODERS.items()
    for kind in get_args(kinds)
}

if __name__ == "__main__":
    for golden in WIRE.glob("*.json"):
        message = DECODER[golden.stem](golden.read_bytes())
        golden.with_suffix(".msgpack").write_bytes(encode(message, Format.MSGPACK))
