"""What the server asks of a sender in its SDP answer: less. No aiortc, no I/O.

The cost of taking in a session is Python work a packet. aiortc's own answer leaves the sender's
defaults in force, 50 Opus packets a second whether anyone speaks or not. The answer therefore asks
for what RFC 7587 (RTP payload format for Opus) lets a receiver ask for:

- ``ptime:60``: three times the sound in a packet, a third of the packets (section 6.1);
- ``usedtx=1``: next to nothing while nobody speaks. The gaps are gaps of time stamps, which
  :mod:`esapr.inference.voice.windows` fills with silence;
- ``stereo=0``: one channel, as that is what is analysed.

Of the picture it asks for 500 kbit/s at most (``b=AS``, RFC 4566, section 5.8): left alone, a
browser sends three times as much, in as many more packets, and 320x240 pixels of it are analysed.

Of the header extensions only ``mid`` (RFC 9143) is accepted. The audio level (RFC 6464) is not:
nothing reads it, and it would tell everyone on the way who speaks when. Neither is
``abs-send-time`` with its bandwidth estimate (``goog-remb``): aiortc takes packets that a busy
event loop reads late for a congested network and has the sender cut its picture to next to nothing.
What is left to slow a sender down is the loss in receiver reports.
"""

import re

OPUS_PARAMETERS = {"usedtx": "1", "stereo": "0"}
PACKET_MS = 60
VIDEO_KBIT_S = 500
MID = "urn:ietf:params:rtp-hdrext:sdes:mid"
_OPUS = re.compile(r"a=rtpmap:(?P<payload>\d+) opus/48000/2$", re.IGNORECASE)
_ESTIMATE = re.compile(r"a=rtcp-fb:\d+ goog-remb")
_EXTENSION = re.compile(r"a=extmap:\d+(/\w+)? (?P<uri>\S+)")


def asking_for_less(answer: str) -> str:
    """Return ``answer``, an SDP answer, with everything above asked for."""
    lines = [line for line in answer.splitlines() if _is_wanted(line)]
    lines = _with_video_bandwidth(lines)
    for payload in [found["payload"] for line in lines if (found := _OPUS.match(line))]:
        lines = _with_opus_parameters(lines, payload)
    return "".join(f"{line}\r\n" for line in lines)


def _is_wanted(line: str) -> bool:
    extension = _EXTENSION.match(line)
    if extension is not None:
        return extension["uri"] == MID
    return _ESTIMATE.match(line) is None


def _with_video_bandwidth(lines: list[str]) -> list[str]:
    """Return the lines with a ``b=`` line behind the ``c=`` line of each picture section."""
    asked: list[str] = []
    in_video = False
    for line in lines:
        asked.append(line)
        if line.startswith("m="):
            in_video = line.startswith("m=video ")
        if in_video and line.startswith("c="):
            asked.append(f"b=AS:{VIDEO_KBIT_S}")
    return asked


def _with_opus_parameters(lines: list[str], payload: str) -> list[str]:
    """Return the lines with one ``fmtp`` line of this payload type, behind its ``rtpmap``."""
    prefix = f"a=fmtp:{payload} "
    written = [line.removeprefix(prefix) for line in lines if line.startswith(prefix)]
    given = [part.strip() for line in written for part in line.split(";") if part.strip()]
    others = [part for part in given if part.partition("=")[0] not in OPUS_PARAMETERS]
    ours = [f"{name}={value}" for name, value in OPUS_PARAMETERS.items()]
    asked: list[str] = []
    for line in lines:
        if line.startswith(prefix):
            continue
        asked.append(line)
        if line.startswith(f"a=rtpmap:{payload} "):
            asked += [prefix + ";".join([*others, *ours]), f"a=ptime:{PACKET_MS}"]
    return asked


def with_exclusive_mux(answer: str) -> str:
    """Return ``answer`` saying that RTCP has no port of its own (RFC 9725, section 4.4.1)."""
    return answer.replace("a=rtcp-mux\r\n", "a=rtcp-mux\r\na=rtcp-mux-only\r\n")
