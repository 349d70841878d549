"""Encoders of what peers replay: VP8, H.264 and Opus as WebRTC carries them."""

from fractions import Fraction
from typing import Literal

import av
import numpy as np
from numpy.typing import NDArray

VideoCodec = Literal["VP8", "H264"]
"""As SDP names them."""

AUDIO_RATE = 48_000
"""RTP clock rate of Opus (RFC 7587, section 4.1), in hertz."""

VIDEO_BIT_RATE = 500_000
AUDIO_BIT_RATE = 32_000

_LIBRARIES = {"VP8": "libvpx", "H264": "libx264"}
_OPTIONS = {
    "VP8": {"deadline": "realtime", "cpu-used": "8", "lag-in-frames": "0"},
    # The constrained baseline profile (42e01f), which WebRTC endpoints have to know (RFC 7742).
    "H264": {"preset": "veryfast", "tune": "zerolatency", "profile": "baseline", "level": "3.1"},
}


def video_encoder(codec: VideoCodec, width: int, height: int, fps: int) -> av.VideoCodecContext:
    """Return an encoder that gives one packet a picture and a key frame each second.

    Whoever replays packets cannot answer a request for a key frame (RTCP PLI): after a loss the
    picture is whole again at the next one.
    """
    encoder = av.CodecContext.create(_LIBRARIES[codec], "w")
    assert isinstance(encoder, av.VideoCodecContext)
    encoder.width, encoder.height, encoder.pix_fmt = width, height, "yuv420p"
    encoder.time_base, encoder.framerate = Fraction(1, fps), Fraction(fps)
    encoder.bit_rate = VIDEO_BIT_RATE
    encoder.gop_size = fps
    # libvpx's threads wait by spinning: on a busy machine two of them take fifty times as long.
    encoder.thread_count = 1
    encoder.options = _OPTIONS[codec]
    return encoder


def opus(samples: NDArray[np.int16], packet_ms: int = 20) -> list[bytes]:
    """Encode ``[samples]`` at 48 kHz; a whole number of packets."""
    encoder = av.CodecContext.create("libopus", "w")
    assert isinstance(encoder, av.AudioCodecContext)
    encoder.format, encoder.layout, encoder.sample_rate = "s16", "mono", AUDIO_RATE
    encoder.bit_rate = AUDIO_BIT_RATE
    encoder.options = {"application": "voip", "frame_duration": str(packet_ms)}
    step = AUDIO_RATE * packet_ms // 1000
    packets: list[bytes] = []
    for start in range(0, len(samples), step):
        frame = av.AudioFrame.from_ndarray(
            samples[None, start : start + step], format="s16", layout="mono"
        )
        frame.sample_rate, frame.pts = AUDIO_RATE, start
        packets += [bytes(packet) for packet in encoder.encode(frame)]
    packets += [bytes(packet) for packet in encoder.encode(None)]
    return packets[: len(samples) // step]
