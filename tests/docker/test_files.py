"""The files of the containers, read without an engine: what they promise."""

import re
import subprocess
import sysconfig
import tomllib
from pathlib import Path

import pytest
import yaml

from tests.docker import compose, dockerfile

ROOT = Path(__file__).parents[2]
FOLDER = ROOT / "docker"
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
SCRIPTS = Path(sysconfig.get_path("scripts"))
IMAGES = ["Dockerfile", "Dockerfile.cuda", "Dockerfile.ray"]
CPU = dockerfile.read(FOLDER / "Dockerfile")
CUDA = dockerfile.read(FOLDER / "Dockerfile.cuda")
RAY = dockerfile.read(FOLDER / "Dockerfile.ray")
SERVICES = [
    pytest.param(file, service, id=f"{file}-{name}")
    for file in compose.FILES
    for name, service in compose.services(file).items()
]
CAPABILITIES = {"coturn/coturn": ["NET_BIND_SERVICE"]}
"""Those that a service is left, by its image."""
OPEN = {"80:80", "443:443"}
"""Ports that others than the host itself reach: those of the balancer."""


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
    for derived in (CUDA, RAY):
        assert derived.all("ARG") == [f"BASE=esapr:{release}"]
    images = {service["image"] for param in SERVICES for service in [param.values[1]]}
    assert {image for image in images if image.startswith("esapr")} == {
        f"esapr:{release}",
        f"esapr:{release}-ray",
    }


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


def test_a_node_of_ray_has_the_locked_version() -> None:
    lock = (ROOT / "requirements-cluster.lock").read_text(encoding="utf-8")
    assert re.search(r"^ray==", lock, re.MULTILINE)
    assert "--constraint /requirements-cluster.lock" in RAY.last("RUN")


@pytest.mark.parametrize("file", compose.FILES)
def test_compose_follows_its_specification(file: str) -> None:
    run(
        SCRIPTS / "check-jsonschema",
        *("--builtin-schema", "vendor.compose-spec", FOLDER / file),
    )


@pytest.mark.parametrize(("file", "service"), SERVICES)
def test_a_service_may_do_what_it_needs_and_no_more(file: str, service: compose.Service) -> None:
    assert service["read_only"] is True
    assert service["cap_drop"] == ["ALL"]
    assert service["security_opt"] == ["no-new-privileges:true"]
    assert service.get("cap_add", []) == CAPABILITIES.get(service["image"].split(":")[0], [])
    assert not {"privileged", "pid", "ipc", "devices"} & service.keys()
    for volume in service.get("volumes", []):
        # What is the host's is a part of this folder, and only read.
        source, _, rest = volume.partition(":")
        mounted = (FOLDER / source).resolve()
        assert source[0].isalpha() or (
            rest.endswith(":ro") and mounted.exists() and mounted.is_relative_to(FOLDER)
        )
    ports = set(service.get("ports", [])) - OPEN
    assert all(port.startswith("127.0.0.1:") for port in ports)


@pytest.mark.parametrize(("file", "service"), SERVICES)
def test_images_of_compose_are_pinned_by_a_tag(file: str, service: compose.Service) -> None:
    assert re.fullmatch(r"[\w/]+:v?\d[\w.-]+", service["image"])


@pytest.mark.parametrize("file", compose.FILES)
def test_what_a_service_names_the_file_has(file: str) -> None:
    """Whatever it extends: names are those of the file that is started."""
    whole = compose.read(file)
    services = compose.services(file)
    assert used(services, "secrets") == whole["secrets"].keys()
    assert used(services, "configs") == whole.get("configs", {}).keys()
    networks = {network for each in services.values() for network in each.get("networks", [])}
    assert networks == whole.get("networks", {}).keys()
    volumes = {
        volume.split(":")[0] for each in services.values() for volume in each.get("volumes", [])
    }
    assert {volume for volume in volumes if volume[0].isalpha()} == whole["volumes"].keys()
    waited_for = {other for each in services.values() for other in each.get("depends_on", {})}
    assert waited_for <= services.keys()
    for config in whole.get("configs", {}).values():
        assert (FOLDER / config["file"]).is_file()


def used(services: dict[str, compose.Service], kind: str) -> set[str]:
    """Names of the secrets, or configurations, that services mount."""
    mounted = [each for service in services.values() for each in service.get(kind, [])]
    return {each if isinstance(each, str) else each["source"] for each in mounted}


@pytest.mark.parametrize("file", compose.FILES)
def test_secrets_are_files(file: str) -> None:
    """And git does not take them."""
    secrets = compose.read(file)["secrets"]
    assert {name: secret["file"] for name, secret in secrets.items()} == {
        name: f"secrets/{name}" for name in secrets
    }
    assert "docker/secrets/" in (ROOT / ".gitignore").read_text(encoding="utf-8").splitlines()


@pytest.mark.parametrize("file", compose.FILES)
def test_no_variable_holds_a_secret(file: str) -> None:
    variables = {
        name: value
        for service in compose.services(file).values()
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
    assert made == {name for file in compose.FILES for name in compose.read(file)["secrets"]}


def test_gateways_of_the_cluster_are_alike_but_for_their_ports() -> None:
    services = compose.services("compose.cluster.yaml")
    one, two = (services[f"gateway-{number}"] for number in (1, 2))
    apart = {
        name
        for name in one["environment"] | two["environment"]
        if one["environment"][name] != two["environment"][name]
    }
    assert apart == {"ESAPR_PORT", "ESAPR_INTERNAL_PORT"}
    assert {**one, "environment": {}} == {**two, "environment": {}}


def test_prometheus_asks_the_gateways_where_they_are() -> None:
    services = compose.services("compose.cluster.yaml")
    [targets] = yaml.safe_load((FOLDER / "prometheus/targets-cluster.yml").read_text("utf-8"))
    assert set(targets["targets"]) == {
        f"127.0.0.1:{service['environment']['ESAPR_INTERNAL_PORT']}"
        for name, service in services.items()
        if name.startswith("gateway")
    }


def test_the_balancer_asks_the_gateways_where_they_are() -> None:
    services = compose.services("compose.cluster.yaml")
    upstream = (FOLDER / "proxies/upstream-cluster.conf").read_text(encoding="utf-8")
    asked = set(re.findall(r"server gateways:(\d+)", upstream))
    assert asked == {
        service["environment"]["ESAPR_PORT"]
        for name, service in services.items()
        if name.startswith("gateway")
    }
    network = compose.read("compose.cluster.yaml")["networks"]["front"]["ipam"]["config"][0]
    assert services["gateway-1"]["environment"]["ESAPR_TRUSTED_PROXIES"] == network["subnet"]
