"""Chromium and its devices, once a module."""

import shutil

import av
import pytest

from esapr.load_tests import PORTRAIT
from esapr.web_client import STATIC
from tests.e2e.browser import FakeDevices
from tests.programs import missing, program


@pytest.fixture(scope="module")
def chromium() -> str:
    if not (STATIC / "index.html").is_file():
        missing("the page (npm ci && npm run build in web_client/)")
    return shutil.which("chromium-browser") or program("chromium", "chromium")


@pytest.fixture(scope="module")
def devices(tmp_path_factory: pytest.TempPathFactory) -> FakeDevices:
    folder = tmp_path_factory.mktemp("devices")
    made = FakeDevices(folder / "camera.mjpeg", folder / "microphone.wav")
    with av.open(str(PORTRAIT)) as clip, av.open(str(made.camera), "w", format="mjpeg") as out:
        source = clip.streams.video[0]
        camera = out.add_stream("mjpeg", rate=source.average_rate)
        camera.width, camera.height, camera.pix_fmt = source.width, source.height, "yuvj420p"
        for picture in clip.decode(video=0):
            out.mux(camera.encode(picture.reformat(format="yuvj420p")))
        out.mux(camera.encode(None))
    with av.open(str(PORTRAIT)) as clip, av.open(str(made.microphone), "w") as out:
        microphone = out.add_stream("pcm_s16le", rate=48_000, layout="mono")
        resampler = av.AudioResampler("s16", "mono", 48_000)
        for sound in clip.decode(audio=0):
            for piece in resampler.resample(sound):
                out.mux(microphone.encode(piece))
        out.mux(microphone.encode(None))
    return made
