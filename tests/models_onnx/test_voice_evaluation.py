"""``esapr models evaluate voice-expression``: by heads that never heard the voice they score."""

import csv
import hashlib
import io
import json
import os
import shutil
import tarfile
from pathlib import Path

import av
import numpy as np
import pytest
from click.testing import CliRunner

from esapr.cli.models import models
from esapr.inference.cards import ModelCard
from esapr.inference.emotions import CLASSES, LABELS
from esapr.inference.models import Model
from esapr.inference.sessions import ChangedSession
from esapr.models_onnx import ROOT
from esapr.models_onnx.evaluation import acted_speech, spoken_views, voice_expression
from esapr.models_onnx.evaluation.acted_speech import FOLDS
from esapr.models_onnx.evaluation.spoken_views import View
from esapr.models_onnx.evaluation.voice_expression import FOLD_CONSTANTS, Folds
from tests.programs import missing

DATA = Path(__file__).parents[1] / "data"
COLUMNS = ("file", "speaker", "sex", "emotion", "intensity")


@pytest.fixture(scope="module")
def speech() -> np.ndarray:
    with np.load(DATA / "speech.npz") as stored:
        return np.asarray(stored["samples"][:19_200], np.int16)


@pytest.fixture(scope="module")
def corpus(tmp_path_factory: pytest.TempPathFactory, speech: np.ndarray) -> Path:
    """One clip a fold, whose label is the fold's number, from the fold's first actor."""
    folder = tmp_path_factory.mktemp("voice")
    (folder / "ravdess").mkdir()
    rows = [
        (f"{fold}.flac", f"ravdess_{actors[0]:02}", "female", LABELS[fold], "normal")
        for fold, actors in enumerate(FOLDS)
    ]
    with tarfile.open(folder / "ravdess" / acted_speech.ARCHIVES["ravdess"], "w") as archive:
        for file, *_ in rows:
            content = flac(speech)
            entry = tarfile.TarInfo(file)
            entry.size = len(content)
            archive.addfile(entry, io.BytesIO(content))
    with (folder / "ravdess" / "manifest.csv").open("w", encoding="utf-8") as manifest:
        csv.writer(manifest).writerows([COLUMNS, *rows])
    return folder


def flac(samples: np.ndarray) -> bytes:
    file = io.BytesIO()
    with av.open(file, "w", format="flac") as container:
        stream = container.add_stream("flac", rate=16_000, layout="mono")
        frame = av.AudioFrame.from_ndarray(samples[None], format="s16", layout="mono")
        frame.sample_rate = 16_000
        container.mux([*stream.encode(frame), *stream.encode(None)])
    return file.getvalue()


def that_say(folder: Path, bias: np.ndarray) -> Model:
    """The shipped model beside folds that say the same of every sound: ``bias`` ``[5, 7]``."""
    shutil.copytree(ROOT / "voice_expression", folder)
    with np.load(folder / FOLD_CONSTANTS) as stored:
        folds = {name: stored[name] for name in stored.files}
    folds["head.weight"] = np.zeros_like(folds["head.weight"])
    folds["head.bias"] = bias.astype(np.float32)
    card = (folder / "model.toml").read_text(encoding="utf-8")
    before = hashlib.sha256((folder / FOLD_CONSTANTS).read_bytes()).hexdigest()
    np.savez_compressed(folder / FOLD_CONSTANTS, **folds)
    after = hashlib.sha256((folder / FOLD_CONSTANTS).read_bytes()).hexdigest()
    (folder / "model.toml").write_text(card.replace(before, after), encoding="utf-8")
    return Model(ModelCard.read(folder))


def test_each_clip_is_scored_by_the_fold_that_never_heard_its_actor(
    tmp_path: Path, corpus: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # One view: what is asked for is which fold answers.
    monkeypatch.setattr(voice_expression, "TESTED", {"folds": View("whole")})
    said = 5 * np.eye(len(FOLDS), CLASSES)
    said[3:] = said[:2]
    model = that_say(tmp_path / "model", said)

    by_fold = voice_expression.evaluate(model, corpus)["folds"]["by_fold"]

    right = {fold: figures["accuracy"] for fold, figures in by_fold.items()}
    assert right == {"1": 1.0, "2": 1.0, "3": 1.0, "4": 0.0, "5": 0.0}


def test_every_constant_of_a_fold_is_one_that_the_graph_computes_with(speech: np.ndarray) -> None:
    # A name that the graph lacks would be ignored, and the clip scored by what heard its actor.
    card = ModelCard.read(ROOT / "voice_expression")
    folds = Folds.read(card)
    own = {name: value[0] for name, value in folds.constants.items()}
    pieces = voice_expression.in_pieces((speech / 32768).astype(np.float32))
    plain = ChangedSession(card, own).run({"samples": pieces})["logits"]
    for name, value in own.items():
        random = np.random.default_rng(1).normal(0, 0.1, value.shape).astype(np.float32)
        other = ChangedSession(card, own | {name: value + random}).run({"samples": pieces})
        assert np.abs(other["logits"] - plain).max() > 1e-4, name


def test_the_command_answers_by_window_length_noise_sex_and_intensity(corpus: Path) -> None:
    arguments = ["evaluate", "voice-expression", "--data", str(corpus), "--json"]
    outcome = CliRunner().invoke(models, arguments)
    assert outcome.exit_code == 0, outcome.output

    answer = json.loads(outcome.stdout)

    assert answer["clips"] == len(FOLDS)
    assert answer["ms_per_item"] > 0
    for view in ("folds", "folds_1500ms", "folds_1000ms", "folds_15db"):
        assert {"accuracy", "uar", "macro_f1", "ece", "ece_shipped"} <= answer[view].keys()
        assert answer[view]["f1"].keys() == set(LABELS)
        assert answer[view]["by_sex"].keys() == {"female"}
        assert answer[view]["by_intensity"].keys() == {"normal"}


@pytest.mark.parametrize("lost", ["manifest.csv", acted_speech.ARCHIVES["ravdess"]])
def test_a_corpus_that_is_not_there_is_named(tmp_path: Path, corpus: Path, lost: str) -> None:
    shutil.copytree(corpus, tmp_path / "voice")
    (tmp_path / "voice" / "ravdess" / lost).unlink()
    arguments = ["evaluate", "voice-expression", "--data", str(tmp_path / "voice")]

    outcome = CliRunner().invoke(models, arguments)

    assert outcome.exit_code == 2
    assert lost in outcome.output


def test_the_folds_share_no_actor() -> None:
    actors = [actor for fold in FOLDS for actor in fold]
    assert sorted(actors) == list(range(1, 25))


@pytest.mark.parametrize("decibels", [5.0, 15.0])
def test_noise_lies_as_far_below_the_voice_as_it_should(
    speech: np.ndarray, decibels: float
) -> None:
    samples = (speech / 32768).astype(np.float32)
    view = View("noise", noise_db=(decibels, decibels))

    noise = spoken_views.render(view, samples, "clip") - samples

    ratio = 10 * np.log10(np.mean(samples**2) / np.mean(noise**2))
    assert ratio == pytest.approx(decibels, abs=0.01)


def test_opus_changes_a_voice_a_little_and_keeps_its_length(speech: np.ndarray) -> None:
    samples = (speech / 32768).astype(np.float32)

    heard = spoken_views.render(spoken_views.CODED, samples, "clip")

    assert heard.shape == samples.shape
    # The codec delays; loudness is kept.
    assert np.std(heard) == pytest.approx(np.std(samples), rel=0.1)
    assert not np.array_equal(heard, samples)


def test_a_clip_at_another_speed_is_shorter(speech: np.ndarray) -> None:
    samples = (speech / 32768).astype(np.float32)
    fast = spoken_views.render(View("fast", speed=(1.25, 1.25)), samples, "clip")
    assert len(fast) == pytest.approx(len(samples) / 1.25, abs=32)


@pytest.mark.long
def test_the_card_states_what_the_shipped_file_measures() -> None:
    folder = Path(os.environ.get("ESAPR_DATA", "../shared/data")) / "voice"
    if not folder.is_dir():
        missing("RAVDESS, in the folder voice/ of ESAPR_DATA")
    model = Model(ModelCard.read(ROOT / "voice_expression"))

    answer = voice_expression.evaluate(model, folder)

    for name, view in voice_expression.TESTED.items():
        card = model.card.metrics[view.name]
        assert answer[name]["uar"] == pytest.approx(card["uar"], abs=0.005)
        assert answer[name]["accuracy"] == pytest.approx(card["accuracy"], abs=0.005)
        assert answer[name]["ece"] == pytest.approx(card["ece_15_bins"], abs=0.005)
