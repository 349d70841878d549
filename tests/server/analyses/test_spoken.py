"""What is said in a recording, read as text: with a stand-in recogniser, and the real one."""

import sys
from functools import partial
from importlib.util import find_spec

import numpy as np
import pytest

from esapr.protocol.events import Event, HelpLine
from esapr.protocol.messages import State
from esapr.server.transcription import PACKAGED, Transcriber, open_transcriber
from tests.server.analyses.recorded import recording, speech
from tests.server.analyses.working import means, shown

pytestmark = pytest.mark.real_time

SILENCE = np.zeros(2 * 16_000, np.float32)
HELP = HelpLine("line", "A line", "for everybody")

STAND_IN = """
import struct, sys
said = iter(["I am so happy and grateful!", "I want to kill myself."])
sys.stdout.buffer.write(bytes(4)); sys.stdout.buffer.flush()
while head := sys.stdin.buffer.read(4):
    sys.stdin.buffer.read(*struct.unpack("<I", head))
    text = next(said).encode()
    sys.stdout.buffer.write(struct.pack("<I", len(text)) + text); sys.stdout.buffer.flush()
"""


def sound(*parts: np.ndarray) -> bytes:
    samples = np.repeat(np.concatenate(parts), 3)[None]
    return recording("sound.wav", samples.shape[1] / 48_000, samples=samples)


async def test_what_is_said_is_read_at_the_time_of_its_last_word() -> None:
    data = sound(speech(2.0), SILENCE, speech(2.0))
    async with means(partial(Transcriber, (sys.executable, "-c", STAND_IN))) as using:
        found, summary = await shown(data, "x.wav", using, help_lines=[HELP], transcribe=True)
        _, unasked = await shown(data, "x.wav", using)

    states = [each for each in found if isinstance(each, State)]
    first = next(state for state in states if state.modalities.text)
    assert first.modalities.text
    assert (first.modalities.text.lines, first.modalities.text.source) == (1, "transcript")
    # Speech is over once a window has none, in the second after the last word.
    assert 2_000 <= first.t_end_ms - first.modalities.text.age_ms < 3_000
    # Nothing follows the second sentence; its words are read all the same, and help comes first.
    assert (summary.totals.lines, unasked.totals.lines) == (2, 0)
    event, last = found[-2:]
    assert isinstance(event, Event)
    assert (event.kind, event.help_lines) == ("support_resources", [HELP])
    assert 5_000 < event.t_ms <= 6_000
    assert last is states[-1]
    assert states[-1].modalities.text


@pytest.mark.skipif(not find_spec("faster_whisper"), reason="missing: make setup EXTRA=asr")
async def test_the_words_of_a_recording_count_beside_its_sound() -> None:
    async with means(partial(open_transcriber, PACKAGED)) as using:
        found, summary = await shown(sound(speech(4.0), SILENCE), "x.wav", using, transcribe=True)
    assert summary.totals.lines == 1
    last = found[-1]
    assert isinstance(last, State)
    assert last.modalities.text
    assert last.modalities.text.source == "transcript"
