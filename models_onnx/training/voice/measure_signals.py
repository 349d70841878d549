"""What the voice signals are worth: ``python -m …training.voice.measure_signals``.

Spoils real speech on purpose and counts how often its first expression stays the same; counts
syllables of sentences that are known; compares the pitch with SwiftF0 (arXiv:2508.18440). The
expression model has learned from these clips: strangers' windows will keep less.

``--music FOLDER`` counts instead how often recordings of music are taken for speech.
"""

import argparse
from collections.abc import Callable, Sequence
from pathlib import Path

import librosa
import numpy as np
import onnxruntime as ort
from numpy.typing import NDArray

from esapr import models_onnx
from esapr.inference.signals import SAMPLE_RATE
from esapr.inference.voice import prosody
from esapr.inference.voice.activity import Speech, evidence, find_speech
from esapr.inference.voice.analyser import ENOUGH_MS
from esapr.inference.voice.quality import quality, usable
from esapr.inference.voice.windows import WINDOW
from esapr.models_onnx.evaluation.spoken_views import add_noise
from esapr.models_onnx.training.voice import graph
from esapr.models_onnx.training.voice.corpora import clips, sounds
from esapr.models_onnx.training.wheels import SWIFT_F0, read_member

Window = NDArray[np.float32]
Spoil = Callable[[Window, np.random.Generator], Window]

EACH = {"ravdess": 18, "tess": 25}
"""Every so many clips are taken."""

SYLLABLES = {"ravdess": 7, "tess": 4}
"""Of "Kids are talking by the door", and of "Say the word" and a word, which most often has one."""

MOST_SECONDS = 2.8

MUSIC = (".flac", ".mp3", ".ogg", ".wav")
MUSIC_SECONDS = 150
MUSIC_RMS = 0.1
"""Level of a recording, -20 dB of full scale, and how much of it is heard."""


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--music", type=Path, metavar="FOLDER")
    music = parser.parse_args().music
    models = {
        name: graph.session(models_onnx.folders()[name] / "model.onnx")
        for name in ("voice_activity", "voice_expression")
    }
    if music is not None:
        _print_music(models["voice_activity"], music)
        return
    windows = {corpus: _windows(corpus) for corpus in EACH}
    _print_spoiled(models, windows["ravdess"])
    for corpus, each in windows.items():
        _print_prosody(models["voice_activity"], each, corpus)


def _windows(corpus: str) -> list[Window]:
    random = np.random.default_rng(0)
    found = []
    for samples in sounds(clips(corpus)[:: EACH[corpus]]):
        if len(samples) <= MOST_SECONDS * SAMPLE_RATE:
            window = random.normal(0, 1e-4, WINDOW).astype(np.float32)
            window[-len(samples) :] += samples
            found.append(window)
    return found


def _louder(db: float) -> Spoil:
    return lambda window, _: np.clip(window / np.abs(window).max() * 10 ** (db / 20), -1, 1)


def _noisier(db: float) -> Spoil:
    return lambda window, random: add_noise(window, db, -1.0, random)


def _musical(db: float) -> Spoil:
    """Three voices of plucked chords, two a second."""

    def spoiled(window: Window, random: np.random.Generator) -> Window:
        beats = []
        for root in random.choice([220.0, 247.0, 262.0, 294.0, 330.0], WINDOW // 8_000):
            time = np.arange(8_000) / SAMPLE_RATE
            notes = root * np.outer([1, 1.26, 1.5], np.arange(1, 6)).ravel()
            beats.append((np.sin(2 * np.pi * np.outer(time, notes)) / notes).sum(1))
            beats[-1] *= np.exp(-2 * time)
        music = np.concatenate(beats)
        gain = np.sqrt(np.mean(window**2) / np.mean(music**2)) * 10 ** (-db / 20)
        return (window + gain * music).astype(np.float32)

    return spoiled


def _quieter(db: float) -> Spoil:
    """At so many dB of full scale, in steps of 16 bits."""

    def spoiled(window: Window, _: np.random.Generator) -> Window:
        loud = window[np.abs(window) > 1e-3]
        gain = 10 ** (db / 20) / np.sqrt(np.mean(loud**2))
        return (np.round(window * gain * 32_768) / 32_768).astype(np.float32)

    return spoiled


SPOILED: dict[str, Spoil] = {
    "as it is": lambda window, _: window,
    **{f"clipped by {db} dB": _louder(db) for db in (6, 12, 20, 30)},
    **{f"pink noise at {db} dB": _noisier(db) for db in (20, 10, 5, 0)},
    **{f"chords at {db} dB": _musical(db) for db in (20, 10, 5, 0)},
    **{f"at {db} dB, 16 bits": _quieter(db) for db in (-50, -60, -65, -70)},
}


def _print_spoiled(models: dict[str, ort.InferenceSession], windows: Sequence[Window]) -> None:
    random = np.random.default_rng(1)
    plain = [_shown(models, window) for window in windows]
    for name, spoil in SPOILED.items():
        kept, heard, flagged, refused = 0, 0, 0, 0
        for window, first in zip(windows, plain, strict=True):
            spoiled = spoil(window, random)
            speech = _speech(models["voice_activity"], spoiled)
            if speech is None or speech.milliseconds < ENOUGH_MS:
                continue
            flags = quality(spoiled, speech)
            heard, flagged = heard + 1, flagged + bool(flags)
            refused += not usable(spoiled, flags)
            kept += _shown(models, spoiled) == first
        rates = (heard / len(windows), kept / heard, flagged / heard, refused / heard)
        print(name, "heard {:.2f} same {:.2f} warned {:.2f} not scored {:.2f}".format(*rates))


def _shown(models: dict[str, ort.InferenceSession], window: Window) -> int | None:
    speech = _speech(models["voice_activity"], window)
    if speech is None:
        return None
    samples = evidence(window, speech)[None]
    return int(models["voice_expression"].run(None, {"samples": samples})[0].argmax())


def _speech(activity: ort.InferenceSession, window: Window) -> Speech | None:
    return find_speech(activity.run(None, {"samples": window[None]})[0][0])


def _print_music(activity: ort.InferenceSession, folder: Path) -> None:
    windows, heard, scored, flagged = 0, 0, 0, 0
    for path in sorted(each for each in folder.rglob("*") if each.suffix in MUSIC):
        samples, _ = librosa.load(path, sr=SAMPLE_RATE, duration=MUSIC_SECONDS)
        samples *= MUSIC_RMS / max(float(np.sqrt(np.mean(samples**2))), 1e-4)
        for start in range(0, len(samples) - WINDOW + 1, WINDOW):
            window = samples[start : start + WINDOW]
            speech = _speech(activity, window)
            flags = quality(window, speech)
            speaks = speech is not None and speech.milliseconds >= ENOUGH_MS
            windows, heard = windows + 1, heard + speaks
            scored += speaks and usable(window, flags)
            flagged += bool(flags)
    print(f"music: {windows} windows, {heard} with speech, {scored} scored, {flagged} warned")


def _print_prosody(activity: ort.InferenceSession, windows: Sequence[Window], corpus: str) -> None:
    swift = ort.InferenceSession(read_member(SWIFT_F0, "swift_f0/model.onnx"))
    syllables, differences = [], []
    for window in windows:
        speech = _speech(activity, window)
        if speech is None:
            continue
        found = prosody.prosody(window, speech)
        syllables.append(found.syllables_per_second * speech.milliseconds / 1000)
        theirs = _median_pitch(swift, window[speech.begin : speech.end])
        if found.pitch_hz and theirs:
            differences.append(abs(12 * np.log2(found.pitch_hz / theirs)))
    error = np.abs(np.array(syllables) - SYLLABLES[corpus])
    print(
        f"{corpus}: {len(windows)} clips, {np.mean(syllables):.2f} syllables for "
        f"{SYLLABLES[corpus]}, mean error {error.mean():.2f}; median pitch differs by "
        f"{np.median(differences):.2f} semitones (90th percentile "
        f"{np.percentile(differences, 90):.2f})"
    )


def _median_pitch(swift: ort.InferenceSession, samples: Window) -> float | None:
    limits = {"fmin": np.float32(prosody.LOWEST_HZ), "fmax": np.float32(prosody.HIGHEST_HZ)}
    pitch, confidence = swift.run(
        None, {"audio": samples[None], **{name: np.asarray(v) for name, v in limits.items()}}
    )
    voiced = pitch[confidence >= 0.5]
    return float(np.median(voiced)) if len(voiced) else None


if __name__ == "__main__":
    main()
