"""Every command of the README and of the how-to guides: what runs it, or why nothing does."""

import re
import shlex
from dataclasses import fields
from pathlib import Path

import click
import pytest

from esapr.cli.main import main
from esapr.server.config import ServerConfig
from tests.docs import commands

CLI = "tests/cli"
HTTP = "tests/server/http"
ENGINE = "needs a container engine"
GPU = "needs a GPU"
HERE = "tests/docs/test_commands.py"
PIP = "needs the package index, and installs what `make setup` or `make wheel` does"
SYSTEM = "a program of the system does as it is told"
SYSTEMD = "needs systemd as process 1"

# What a whole command matches, and the test that runs it, or why none does. Of several the first
# counts.
PROOFS = {
    r"make (setup|serve|demo|test|check|docs)": f"{HERE}::test_make_has_the_targets",
    r"make setup EXTRA=gpu|pip uninstall onnxruntime.*|.* --provider cuda --json": GPU,
    r"make setup EXTRA=asr": PIP,
    r"ESAPR_TRANSCRIPTION_MODEL=tiny\.en .*": (
        "tests/server/test_transcription.py::test_speech_becomes_text"
    ),
    r"make client-wheel|pip install dist/esapr_client-.*": (
        "tests/test_packaging.py::test_the_client_installs_alone_and_runs_its_imports"
    ),
    r"(sudo /opt/esapr/bin/)?pip install .*|sudo python3 -m venv .*": PIP,
    r".*esapr demo --clip FILE --json": (
        f"{CLI}/test_demo.py::test_a_clip_without_a_face_fails_and_says_so"
    ),
    r".*esapr analyze .*": (
        "tests/docs/test_analyse_a_recording.py::test_the_command_prints_what_the_page_shows"
    ),
    r"consent=.*|curl .*/v1/demo/analyses": (
        "tests/docs/test_analyse_a_recording.py::test_a_server_takes_the_file_as_the_page_sends_it"
    ),
    r"python docs/examples/partner\.py .*": (
        "tests/docs/test_examples.py::test_a_partner_gets_states_of_its_pictures_and_its_text"
    ),
    r"python docs/examples/size\.py .*": (
        "tests/docs/test_size.py::test_the_table_is_what_the_command_prints"
    ),
    r"curl .*/tokens": f"{HTTP}/test_rooms.py::test_a_clinician_sees_everybody_in_full",
    r"curl .*/report\.pdf.*": (
        f"{HTTP}/test_reports.py::test_the_report_comes_in_every_form_by_name_and_by_header"
    ),
    # What the image runs is run by tests/docker/test_process.py, without an engine.
    r"docker run --rm esapr:\S+ records make-key .*": (
        "tests/docker/test_secrets.py::test_the_page_makes_secrets_that_the_programs_take"
    ),
    r"docker .*": ENGINE,
    r"(cd docker|openssl|echo|token=|cat >|chmod 0444|cat /etc/letsencrypt).*": (
        "tests/docker/test_secrets.py::test_the_page_makes_secrets_that_the_programs_take"
    ),
    r"export TURN_URLS=.*": ENGINE,
    r"sudo .*systemctl .*|sudo systemd-run .*": SYSTEMD,
    r"sudo (install|cp) .*": SYSTEM,
    r"ray start .*": "tests/cluster/test_ray_serve.py::head",
    r"esapr cluster (up|down).*": (
        "tests/cluster/test_ray_serve.py::test_status_lists_the_models_and_down_takes_them_away"
    ),
    r"esapr cluster status .*": (
        "tests/cluster/test_ray_serve.py::test_status_lists_the_models_and_down_takes_them_away"
    ),
    r"ESAPR_INFERENCE_WORKERS=ray .*esapr serve": (
        "tests/cluster/test_ray_serve.py::"
        "test_a_server_degrades_while_the_cluster_is_away_and_recovers"
    ),
    r"ESAPR_BUS=nats .*": (
        "tests/docker/test_cluster.py::"
        "test_a_session_goes_on_behind_the_balancer_when_its_gateway_is_killed"
    ),
    r"(ESAPR_INTERNAL_PORT=9100 )?esapr serve --processes 4": (
        f"{CLI}/test_processes.py::test_media_find_their_session_on_any_process_and_outlive_its_own"
    ),
    r"kill -TERM PID": (
        f"{CLI}/test_serve.py::test_a_server_that_is_stopped_sends_every_state_and_closes_with_1001"
    ),
    r"ESAPR_RECORDS=false esapr serve": (
        f"{HTTP}/test_reports.py::test_without_records_there_is_no_report_and_deleting_still_ends"
    ),
    r"(ESAPR_\w+=\S+ )+esapr serve": (f"{HERE}::test_settings_are_taken"),
    r"export ESAPR_(DATABASE_URL|RECORDS_KEY_FILE)=.*": f"{HERE}::test_settings_are_taken",
    r"esapr records make-key.*|esapr records rotate-key": (
        f"{CLI}/test_records.py::test_a_key_is_replaced_in_three_steps"
    ),
    r"esapr records migrate up": f"{CLI}/test_records.py::test_migrations_go_down_and_up",
    r"esapr records export .*": (
        f"{CLI}/test_records.py::test_export_writes_everything_about_one_person"
    ),
    r"esapr records erase --participant .*": (
        f"{CLI}/test_records.py::test_a_person_is_erased_and_the_others_stay"
    ),
    r"esapr records erase --session .*": f"{CLI}/test_records.py::test_a_session_is_erased",
    r"esapr keys (create|list|revoke).*": (
        f"{CLI}/test_keys.py::test_a_key_is_shown_once_listed_and_revoked"
    ),
    r"esapr keys rotate-signing": f"{CLI}/test_keys.py::test_another_key_signs_after_a_rotation",
    r"esapr serve --host 0\.0\.0\.0": (
        f"{CLI}/test_keys.py::test_another_address_than_loopback_wants_a_key_and_says_how"
    ),
    r"(\.venv/bin/)?esapr serve": "tests/test_packaging.py::test_the_installed_server_answers",
    r"esapr models evaluate voice-expression .*": (
        "tests/models_onnx/test_voice_evaluation.py"
        "::test_the_command_answers_by_window_length_noise_sex_and_intensity"
    ),
    r"esapr models evaluate text-.*": f"{CLI}/test_evaluate_text.py::evaluate",
    r"esapr models evaluate .*": (
        f"{CLI}/test_models.py::test_robustness_spoils_the_pictures_and_mirrors_them"
    ),
    r"esapr loadtest compare .*": (
        f"{CLI}/test_loadtest_results.py::test_two_folders_of_runs_are_compared"
    ),
    r"esapr loadtest curve .*": (
        f"{CLI}/test_loadtest_results.py::test_a_curve_needs_steps_that_ascend"
    ),
    r"esapr loadtest draw .*": (
        f"{CLI}/test_loadtest_results.py::test_a_page_is_made_of_a_run_beside_a_clean_one"
    ),
    r"esapr loadtest build-media .*": (
        "tests/load_tests/test_labelled_clip.py::test_what_is_missing_is_said"
    ),
    r"python -m esapr\.load_tests\.network\.netem .*": (
        "tests/load_tests/network/test_netem.py::test_the_kernel_loses_what_the_profile_says"
    ),
    r".*esapr loadtest .*": (
        f"{CLI}/test_loadtest.py::test_four_peers_get_their_states_for_twenty_seconds"
    ),
}
CLIENTS = {"ESAPR_KEY"}
"""Variables that `esapr loadtest` reads."""
SETTING = re.compile(
    r'^(?:.* )??(ESAPR_\w+)=("[^"]*"|.*?)(?= ESAPR_\w+=| esapr |\s+#|$)', re.MULTILINE
)
COMMANDS = commands.of_pages()
_OURS = re.compile(r"(?:^|[/' ])(?:esapr(?::[\d.]+)?|server|gateway-1) (?!esapr)([a-z][^;>']*)")
OURS = sorted({found[1].strip() for _, each in COMMANDS if (found := _OURS.search(each))})


def proof_of(command: str) -> str | None:
    """Return what stands for a command, or nothing."""
    return next((found for row, found in PROOFS.items() if re.fullmatch(row, command)), None)


def test_every_command_is_run_by_a_test_or_there_is_a_reason() -> None:
    assert len(COMMANDS) > 90
    assert [each for each in COMMANDS if proof_of(each[1]) is None] == []


def test_every_row_stands_for_a_command() -> None:
    used = {proof_of(command) for _, command in COMMANDS}
    assert set(PROOFS.values()) - used == set()


def test_the_tests_that_rows_name_are_there() -> None:
    named = [proof.split("::") for proof in PROOFS.values() if proof.startswith("tests/")]
    for file, *name in named:
        text = (commands.ROOT / file).read_text(encoding="utf-8")
        assert not name or f"def {name[0]}(" in text, (file, name)


@pytest.mark.parametrize("line", OURS)
def test_a_command_of_ours_has_these_words_and_options(line: str) -> None:
    """Click reads it as the shell would hand it over; nothing is run."""
    words = shlex.split(line)
    command: click.Command = main
    with click.Context(main) as context:
        while isinstance(command, click.Group) and (
            found := command.get_command(context, words[0])
        ):
            command, words = found, words[1:]
        _, rest, _ = command.make_parser(context).parse_args(words)
    assert command is not main
    # A group may do something itself; whatever is left over would be a command of it.
    assert not isinstance(command, click.Group) or rest == []


def test_make_has_the_targets() -> None:
    """Each does no more than other tests do, but for `setup`, which went before them."""
    makefile = (commands.ROOT / "Makefile").read_text(encoding="utf-8")
    phony = re.search(r"^\.PHONY: (.+)$", makefile, re.MULTILINE)
    assert phony
    targets = {each.split()[1] for _, each in COMMANDS if each.startswith("make ")}
    assert targets <= set(phony[1].split())
    assert all(re.search(rf"^{target}:", makefile, re.MULTILINE) for target in targets)


@pytest.mark.parametrize("page", commands.PAGES, ids=lambda page: page.name)
def test_settings_are_taken(page: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every setting that a page gives is one, and so is its value."""
    known = {f"ESAPR_{field.name.upper()}" for field in fields(ServerConfig)} | CLIENTS
    for block in commands.blocks(page.read_text(encoding="utf-8")):
        given = dict(SETTING.findall(block))
        with monkeypatch.context() as environment:
            for name, value in given.items():
                if name.endswith("_FILE") and name not in known:
                    (tmp_path / name).write_text("secret")
                    environment.setenv(name, str(tmp_path / name))
                else:
                    environment.setenv(name, value.strip('"'))
                assert name in known or name.removesuffix("_FILE") in known
            ServerConfig.from_environ()
