"""How large an SDP offer may be. No asyncio, no clock, no aiortc."""

from esapr.protocol import limits
from esapr.protocol.errors import ErrorCode, ProtocolError


def check_extent(offer: str) -> None:
    """Check how much there is to parse: what aiortc does with codecs grows with their square.

    Raises:
        ProtocolError: ``sdp_unacceptable``.
    """
    lines = offer.splitlines()
    extent = {
        "lines": (len(lines), limits.MAX_SDP_LINES),
        "characters a line": (max(map(len, lines)), limits.MAX_SDP_LINE_CHARACTERS),
        "codecs": (offer.count("a=rtpmap:"), limits.MAX_SDP_CODECS),
        "sections": (sum(line.startswith("m=") for line in lines), limits.MAX_SDP_SECTIONS),
    }
    for what, (found, most) in extent.items():
        if found > most:
            raise ProtocolError(ErrorCode.SDP_UNACCEPTABLE, f"at most {most} {what}")
