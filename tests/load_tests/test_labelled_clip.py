"""A clip composed of labelled faces and voices."""

import io
import sys
import tarfile
import wave
from itertools import pairwise
from pathlib import Path
from random import Random
from typing import get_args

import numpy as np
import pytest
from click.testing import CliRunner

from esapr.cli.loadtest import loadtest
from esapr.load_tests.clip_file import write_clip
from esapr.load_tests.corpora import Voice, read_voices
from esapr.load_tests.encoders import AUDIO_RATE
from esapr.load_tests.labelled_clip import (
    FPS,
    ROUNDS,
    SPAN_SECONDS,
    label_order,
    pictures,
    sound,
    toml,
)
from esapr.load_tests.labels import Label, Labels, Line, Span, read_labels
from esapr.load_tests.media import encode_clip


@pytest.mark.parametrize("seed", range(20))
def test_each_round_shows_every_label_and_none_follows_itself(seed: int) -> None:
    order, count = label_order(Random(seed)), len(get_args(Label))

    rounds = [order[start : start + count] for start in range(0, len(order), count)]
    assert [set(each) for each in rounds] == [set(get_args(Label))] * ROUNDS
    assert all(one != other for one, other in pairwise(order))


def test_a_face_stands_for_its_span_and_the_next_one_follows() -> None:
    dark, light = np.full((48, 48), 10, np.uint8), np.full((48, 48), 240, np.uint8)

    centres = [picture[240, 320].tolist() for picture in pictures([dark, light])]

    assert centres == [[10] * 3] * (SPAN_SECONDS * FPS) + [[240] * 3] * (SPAN_SECONDS * FPS)


def test_voices_stay_within_their_span_and_are_equally_loud() -> None:
    quiet, loud = (Voice("sad", np.full(4 * AUDIO_RATE, level, np.int16)) for level in (30, 30_000))

    heard = sound([[quiet, quiet], [loud]])

    assert len(heard) == 2 * SPAN_SECONDS * AUDIO_RATE
    starts = [heard[second * AUDIO_RATE + 100] for second in (0, 5, 6)]
    assert len(set(starts)) == 1
    assert heard[round(4.1 * AUDIO_RATE)] == 0
    assert heard[11 * AUDIO_RATE] == 0


def test_what_is_written_is_replayed_as_it_is(tmp_path: Path) -> None:
    clip = tmp_path / "clip.webm"
    second = [np.full((480, 640, 3), 90, np.uint8)] * FPS
    realtime = {"deadline": "realtime", "cpu-used": "8"}
    silence = np.zeros(AUDIO_RATE, np.int16)
    write_clip(clip, second, silence, fps=FPS, bit_rate=330_000, options=realtime)

    encoded = encode_clip(clip)

    assert encoded.video is not None
    assert encoded.audio is not None
    assert (len(encoded.video.packets), len(encoded.audio.packets)) == (FPS, 50)
    assert encoded.video.packets[0] in clip.read_bytes()


def test_labels_are_read_back_as_they_were_written(tmp_path: Path) -> None:
    labels = Labels(
        spans=(Span(0, 6, "sad"), Span(6, 12, "happy")), lines=(Line("sad", 'He said "no\\"…'),)
    )
    (tmp_path / "clip.toml").write_text(toml(labels), "utf-8")

    assert read_labels(tmp_path / "clip.webm") == labels


def test_voices_are_read_from_their_archives_at_the_rate_of_opus(tmp_path: Path) -> None:
    spoken = io.BytesIO()
    with wave.open(spoken, "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(16_000)
        file.writeframes(np.full(16_000, 1_000, np.int16).tobytes())
    for name in ("ravdess/ravdess_16k_flac.tar", "tess/tess_16k_opus.tar"):
        (tmp_path / "voice" / name).parent.mkdir(parents=True)
        with tarfile.open(tmp_path / "voice" / name, "w") as archive:
            for member in (f"{name}/wanted", f"{name}/other"):
                entry = tarfile.TarInfo(member)
                entry.size = len(spoken.getvalue())
                archive.addfile(entry, io.BytesIO(spoken.getvalue()))

    voices = list(read_voices(tmp_path, {"tess/tess_16k_opus.tar/wanted": "sad"}))

    assert [voice.label for voice in voices] == ["sad"]
    assert len(voices[0].samples) == pytest.approx(AUDIO_RATE, abs=100)
    assert voices[0].samples[AUDIO_RATE // 2] == pytest.approx(1_000, abs=50)


def test_what_is_missing_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    command = ["build-media", "--data", str(tmp_path)]

    without = CliRunner().invoke(loadtest, [*command, str(tmp_path / "clip.webm")])
    misnamed = CliRunner().invoke(loadtest, [*command, str(tmp_path / "clip.mp4")])

    assert (without.exit_code, misnamed.exit_code) == (1, 2)
    assert "pip install pyarrow" in without.stderr
    assert ".webm" in misnamed.stderr
