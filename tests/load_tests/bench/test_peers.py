"""The turns of ``bench peers``, with rivals that cannot be installed; real ones take minutes."""

import asyncio
import sys
from pathlib import Path

import cv2
import numpy as np
import pytest

from esapr.load_tests.bench import peers
from esapr.load_tests.bench.contestant import network_pictures
from esapr.load_tests.bench.environments import InstallError, Rival, prepare
from esapr.load_tests.bench.peers import Faces, PeersReport, Score, read_frames, read_private_test

ABSENT = Rival("absent", (("--no-index", "a-package-that-is-in-no-index"),))


def test_the_ratio_is_to_whoever_is_fastest_in_a_round() -> None:
    report = PeersReport(
        Score(rounds=[200.0, 90.0, 300.0]),
        {
            "one": Score(rounds=[100.0, 10.0, 100.0]),
            "two": Score(rounds=[50.0, 30.0, 100.0]),
            "gone": Score(rounds=[1000.0], reason="failed: it ended"),
        },
    )

    assert report.ratio_to_best is not None
    assert report.ratio_to_best.values == [2.0, 3.0, 3.0]


def test_without_a_rival_there_is_no_ratio() -> None:
    report = PeersReport(Score(rounds=[100.0]), {"gone": Score(reason="not installed: no")})

    assert report.ratio_to_best is None


def test_accuracy_is_the_share_of_right_names() -> None:
    faces = Faces(np.zeros((4, 48, 48), np.uint8), ["happy", "sad", "sad", "fear"])

    assert faces.accuracy(["happy", "sad", "fear", "fear"]) == 0.75


def test_test_faces_are_private_test_rows_that_are_kept(tmp_path: Path) -> None:
    (tmp_path / "face").mkdir()
    mosaic = np.repeat(np.arange(200, dtype=np.uint8), 48)[None].repeat(48, axis=0)
    cv2.imwrite(str(tmp_path / "face" / "fer2013_mosaic.png"), mosaic)
    np.savez(
        tmp_path / "face" / "fer2013_labels.npz",
        keep=np.array([True, True, False, True]),
        split=np.array([0, 2, 2, 2]),
        label=np.array([0, 1, 1, 0]),
        class_names=np.array(["angry", "happy"]),
        ferplus_votes=np.zeros((4, 10), np.uint8),
    )

    faces = read_private_test(tmp_path)

    assert faces.labels == ["happy", "angry"]
    assert faces.images.shape == (2, 48, 48)
    assert [int(image.max()) for image in faces.images] == [1, 3]


def test_missing_test_faces_are_an_os_error(tmp_path: Path) -> None:
    with pytest.raises(OSError, match="fer2013_labels"):
        read_private_test(tmp_path)


def test_all_get_the_same_pictures_of_the_analysed_size() -> None:
    assert read_frames(peers.PORTRAIT, 2).shape == (2, 240, 320, 3)


def test_network_pictures_lie_between_minus_one_and_one() -> None:
    pictures = network_pictures([np.zeros((10, 20), np.uint8), np.full((99, 99), 255, np.uint8)])

    assert pictures.shape == (2, 64, 64)
    assert pictures.dtype == np.float32
    assert (pictures[0] == -1).all()
    assert (pictures[1] == 1).all()


@pytest.mark.real_time
async def test_an_environment_that_cannot_be_installed_says_why(tmp_path: Path) -> None:
    with pytest.raises(InstallError, match=r"python failed: .*a-package-that-is-in-no-index"):
        await prepare(ABSENT, tmp_path)


@pytest.mark.real_time
async def test_an_installed_environment_is_kept_until_its_pins_change(tmp_path: Path) -> None:
    empty = Rival("empty", ())
    folder = await prepare(empty, tmp_path)
    (folder / "kept").touch()

    assert (await prepare(empty, tmp_path) / "kept").exists()
    with pytest.raises(InstallError):
        await prepare(Rival("empty", (("--no-index", "no-such-thing==0"),), node=False), tmp_path)
    assert not (folder / "kept").exists()


@pytest.mark.real_time
async def test_a_contestant_that_ends_is_reported_and_the_others_go_on() -> None:
    ours = Score()
    gone = Score()
    talks = (
        "import sys, json\n"
        "print('chatter'); print('contestant:\"ready\"', flush=True)\n"
        "for line in sys.stdin:\n"
        "    print('contestant:' + json.dumps(dict(frames=4, found=2, seconds=2.0)), flush=True)\n"
    )
    async with (
        peers._start((sys.executable, "-c", talks)) as talking,
        peers._start((sys.executable, "-c", "")) as ended,
    ):
        running = [("ours", ours, talking), ("gone", gone, ended)]
        async with asyncio.timeout(30):
            await peers._take_turns(running, 2, None, lambda _: None)

    assert ours.rounds == [2.0, 2.0]
    assert ours.found == 0.5
    assert gone.reason == "failed: it ended"
    assert gone.fps is None
