"""A clip as a sender plays it that does what the server's answer asks for.

The answer asks for Opus in packets of 60 ms, mono, and none in silence (RFC 7587). libopus's own
rule for silence needs an option that libav does not pass on, so it is imitated: after 200 ms below
-60 dB full scale nothing is sent but one packet each 420 ms, where libopus sends one each 400 ms.
"""

from dataclasses import replace

import av
import numpy as np
from numpy.typing import NDArray

from esapr.load_tests import PORTRAIT
from esapr.load_tests.encoders import AUDIO_RATE, opus
from esapr.load_tests.media import AUDIO_STEP, EncodedClip, EncodedTrack, encode_clip

PACKET_MS = 60
STEP = AUDIO_RATE * PACKET_MS // 1000
QUIET = 32_768 * 10 ** (-60 / 20)
SPOKEN_ON = 200 // PACKET_MS
"""Packets of silence that are still sent."""
SIGN_OF_LIFE = 420 // PACKET_MS
"""Of the others each seventh is sent."""


def portrait(*, plain: bool) -> EncodedClip:
    """Return the shipped clip; ``plain`` has a sender play it that ignores what is asked for."""
    clip = encode_clip(PORTRAIT)
    return clip if plain else obeying(clip)


def obeying(clip: EncodedClip) -> EncodedClip:
    """Return ``clip`` with the sound that was asked for; the picture stays as it is.

    A clip that does not end with a whole packet is played three times over: 60 ms are three of
    its packets.
    """
    if clip.audio is None:
        return clip
    times = 1 if len(clip.audio.packets) * AUDIO_STEP % STEP == 0 else 3
    samples = np.tile(_decoded(clip.audio), times)
    packets = opus(samples, PACKET_MS)
    audio = EncodedTrack("audio", AUDIO_RATE, STEP, tuple(_without_silence(packets, samples)))
    video = clip.video and replace(clip.video, packets=clip.video.packets * times)
    return replace(clip, video=video, audio=audio)


def _decoded(track: EncodedTrack) -> NDArray[np.int16]:
    """Return the sound of ``track``: int16 ``[samples]`` at 48 kHz, as long as its packets say."""
    decoder = av.CodecContext.create("libopus", "r")
    assert isinstance(decoder, av.AudioCodecContext)
    resampler = av.AudioResampler(format="s16", layout="mono", rate=AUDIO_RATE)
    frames = [frame for data in track.packets for frame in decoder.decode(av.Packet(data))]
    heard = [piece.to_ndarray()[0] for frame in frames for piece in resampler.resample(frame)]
    whole = np.zeros(len(track.packets) * track.step, np.int16)
    samples = np.concatenate(heard)[: len(whole)]
    whole[: len(samples)] = samples
    return whole


def _without_silence(packets: list[bytes], samples: NDArray[np.int16]) -> list[bytes]:
    """Return the packets with those that are not sent emptied."""
    sent, quiet_for = [], 0
    for packet, heard in zip(packets, samples.reshape(-1, STEP), strict=True):
        quiet = np.sqrt(np.mean(heard.astype(np.float64) ** 2)) < QUIET
        quiet_for = quiet_for + 1 if quiet else 0
        over = quiet_for - SPOKEN_ON
        sent.append(packet if over <= 0 or over % SIGN_OF_LIFE == 0 else b"")
    return sent
