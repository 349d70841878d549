"""The files of the containers, read without an engine: what they promise."""

import re
import subprocess
import sysconfig
import tomllib
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.docker import dockerfile

ROOT = Path(__file__).parents[2]
FOLDER = ROOT / "docker"
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
SCRIPTS = Path(sysconfig.get_path("scripts"))
IMAGES = ["Dockerfile", "Dockerfile.cuda"]
CPU = dockerfile.read(FOLDER / "Dockerfile")
CUDA = dockerfile.read(FOLDER / "Dockerfile.cuda")
COMPOSE: dict[str, Any] = yaml.safe_load((FOLDER / "compose.yaml").read_text(encoding="utf-8"))
SERVICES: dict[str, dict[str, Any]] = COMPOSE["services"]


def run(*command: str | Path) -> None:
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("name", IMAGES)
def test_hadolint_finds_nothing(name: str) -> None:
    run(SCRIPTS / "hadolint", FOLDER / name)


@pytest.mark.parametrize("name", IMAGES)
def test_an_image_runs_as_a_user_that_is_a_number_and_not_root(name: str) -> None:
    user, _, group = dockerfile.read(FOLDER / name).last("USER").partition(":")
    assert int(user) > 0
    assert int(group) > 0


@pytest.mark.parametrize("name", IMAGES)
def test_nothing_is_fetched_but_packages(name: str) -> None:
    file = dockerfile.read(FOLDER / name)
    assert file.all("ADD") == []
    assert not re.search(r"curl|wget|git clone|https?://(?!127\.0\.0\.1)", str(file.all("RUN")))


@pytest.mark.parametrize("name", IMAGES)
def test_what_is_copied_is_in_the_tree_and_reaches_the_build(name: str) -> None:
    allowed = context()
    for source in dockerfile.read(FOLDER / name).copied() - {"."}:
        assert (ROOT / source).exists(), source
        assert source.split("/")[0] in allowed, source


def context() -> set[str]:
    """What ``.dockerignore`` lets into a build."""
    lines = (ROOT / ".dockerignore").read_text(encoding="utf-8").splitlines()
    assert lines[1] == "*"
    return {line.removeprefix("!/") for line in lines if line.startswith("!")}


def test_a_build_sees_the_packages_and_what_they_are_built_from() -> None:
    """No history, no tests, no trained or fetched data, no secrets."""
    packages = set(PROJECT["tool"]["setuptools"]["package-dir"].values())
    metadata = {"LICENSE", "NOTICE", "README.md", "pyproject.toml"}
    assert context() == packages | metadata | {
        "requirements-cluster.lock",
        "requirements-gpu.lock",
    }


def test_base_images_are_pinned_by_a_tag() -> None:
    stages = {rest.split(" AS ")[-1] for rest in CPU.all("FROM") if " AS " in rest}
    bases = {rest.split(" AS ")[0] for rest in CPU.all("FROM")} - stages
    assert [base for base in bases if not re.fullmatch(r"[\w/]+:\d[\w.-]+", base)] == []


def test_the_image_names_the_release_and_carries_its_licences() -> None:
    release = PROJECT["project"]["version"]
    assert f'image.version="{release}"' in CPU.last("LABEL")
    assert f'image.licenses="{PROJECT["project"]["license"]}"' in CPU.last("LABEL")
    assert {"LICENSE", "NOTICE"} <= CPU.copied()
    assert CUDA.all("ARG") == [f"BASE=esapr:{release}"]
    assert {SERVICES[name]["image"] for name in ("server", "migrate")} == {f"esapr:{release}"}


def test_the_state_folder_is_the_one_volume_and_its_users_alone() -> None:
    folder = CPU.environment()["ESAPR_STATE_DIR"]
    assert CPU.all("VOLUME") == [folder]
    made = next(rest for rest in CPU.all("RUN") if folder in rest)
    assert {"--mode=0700", "--owner=65532", "--group=65532"} <= set(made.split())


def test_the_gpu_image_changes_the_runtime_alone() -> None:
    """Its check, its start and its folders are those of the other one."""
    words = {word for word, _ in CUDA.instructions}
    assert words == {"ARG", "FROM", "USER", "COPY", "RUN", "ENV"}
    assert "uninstall --yes onnxruntime " in CUDA.last("RUN")


def test_an_image_holds_the_cluster_extra_without_ray() -> None:
    extra = PROJECT["project"]["optional-dependencies"]["cluster"]
    named = {re.split(r"[=>]", each)[0] for each in extra} - {"ray[serve]"}
    (installed,) = (rest for rest in CPU.all("RUN") if "--constraint" in rest)
    assert named <= set(installed.replace('"', "").split())


def test_compose_follows_its_specification() -> None:
    run(
        SCRIPTS / "check-jsonschema",
        *("--builtin-schema", "vendor.compose-spec", FOLDER / "compose.yaml"),
    )


@pytest.mark.parametrize("name", SERVICES)
def test_a_service_may_do_what_it_needs_and_no_more(name: str) -> None:
    service = SERVICES[name]
    assert service["read_only"] is True
    assert service["cap_drop"] == ["ALL"]
    assert service["security_opt"] == ["no-new-privileges:true"]
    assert service.get("cap_add", []) == (["NET_BIND_SERVICE"] if name == "turn" else [])
    assert not {"privileged", "pid", "ipc", "devices"} & service.keys()
    assert not [volume for volume in service.get("volumes", []) if not volume[0].isalpha()]
    for port in service.get("ports", []):
        assert port.startswith("127.0.0.1:")


def test_images_of_compose_are_pinned_by_a_tag() -> None:
    for service in SERVICES.values():
        assert re.fullmatch(r"[\w/]+:\d[\w.-]+", service["image"])


def test_secrets_are_files_and_each_is_used() -> None:
    """And git does not take the files."""
    named = {secret for service in SERVICES.values() for secret in service.get("secrets", [])}
    assert named == COMPOSE["secrets"].keys()
    assert {secret["file"] for secret in COMPOSE["secrets"].values()} == {
        f"secrets/{name}" for name in named
    }
    assert "docker/secrets/" in (ROOT / ".gitignore").read_text(encoding="utf-8").splitlines()


def test_no_variable_holds_a_secret() -> None:
    variables = {
        name: value
        for service in SERVICES.values()
        for name, value in service.get("environment", {}).items()
        if re.search(r"SECRET|PASSWORD|KEY|TOKEN|DATABASE_URL|NATS_URL", name)
    }
    assert len(variables) > 4
    for name, value in variables.items():
        assert name.endswith("_FILE"), name
        assert value.startswith("/run/secrets/"), name


def test_the_how_to_makes_every_secret() -> None:
    page = (ROOT / "docs/how-to/run-in-a-container.md").read_text(encoding="utf-8")
    made = set(re.findall(r"> ?secrets/([\w.]+)", page))
    assert made == COMPOSE["secrets"].keys()
