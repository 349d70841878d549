"""What the code offers is in the reference, and what the documentation links to is there."""

import ast
import re
from collections.abc import Iterator
from dataclasses import fields
from pathlib import Path
from typing import get_args

import click
import pytest
from prometheus_client.parser import text_string_to_metric_families

from esapr import client
from esapr.cli.main import main
from esapr.inference.signals import Abstain
from esapr.models_onnx import ROOT as ZOO
from esapr.protocol import analyses, limits, messages
from esapr.protocol.errors import CloseCode, ErrorCode, WarningCode
from esapr.server.config import ServerConfig
from esapr.server.metrics import Metrics
from esapr.server.trust.audit import AuditEvent

ROOT = Path(__file__).parent.parent
DOCS = ROOT / "docs"
PAGES = sorted([*DOCS.rglob("*.md"), *ROOT.glob("*.md")])


def undocumented(names: set[str], page: str) -> set[str]:
    """Names that the page does not set in code style."""
    code = set(re.findall(r"`([^`]+)`", (DOCS / "reference" / page).read_text(encoding="utf-8")))
    return names - code


def test_every_message_type() -> None:
    kinds = get_args(messages.ClientMessage) + get_args(messages.ServerMessage)
    kinds += get_args(analyses.AnalysisMessage)

    assert undocumented({kind.__struct_config__.tag for kind in kinds}, "protocol.md") == set()


@pytest.mark.parametrize("codes", [ErrorCode, WarningCode, Abstain])
def test_every_code(codes: type[ErrorCode | WarningCode | Abstain]) -> None:
    assert undocumented({str(code) for code in codes}, "protocol.md") == set()


def test_every_event_of_the_audit_log() -> None:
    code = "".join(
        path.read_text(encoding="utf-8")
        for folder in ("server", "cli")
        for path in (ROOT / folder).rglob("*.py")
        if path.name != "audit.py"
    )
    written = {event for event in get_args(AuditEvent) if f'"{event}"' in code}

    assert {"consent.given", "key.created"} <= written
    assert undocumented(written, "audit.md") == set()


def test_every_close_code() -> None:
    text = (DOCS / "reference/protocol.md").read_text(encoding="utf-8")

    assert {code for code in CloseCode if f"| {code:d} |" not in text} == set()


def test_every_limit() -> None:
    assert undocumented({name for name in vars(limits) if name.isupper()}, "limits.md") == set()


def test_every_setting_with_its_default() -> None:
    page = (DOCS / "reference/config.md").read_text(encoding="utf-8")
    rows = dict(re.findall(r"^\| `(\w+)` \| `ESAPR_\w+` \| `([^`]+)` \|", page, re.MULTILINE))

    assert rows.keys() == {field.name for field in fields(ServerConfig)}
    for field in fields(ServerConfig):
        documented = rows[field.name]
        assert documented in (
            str(field.default).lower(),
            f"{field.default:g}" if is_number(field.default) else None,
        )


def is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def test_every_metric() -> None:
    exposed = text_string_to_metric_families(Metrics().text().decode())
    names = {
        f"{family.name}_total" if family.type == "counter" else family.name
        for family in exposed
        if not family.name.endswith("_created")  # when a histogram began, added by the library
    }

    assert undocumented(names, "metrics.md") == set()


def commands(group: click.Group, path: str) -> set[str]:
    found = set()
    for name, command in group.commands.items():
        found |= (
            commands(command, f"{path} {name}")
            if isinstance(command, click.Group)
            else {f"{path} {name}"}
        )
    return found


def test_every_command() -> None:
    assert undocumented(commands(main, "esapr"), "cli.md") == set()


def options(group: click.Group) -> set[str]:
    """Long names of every option of every command."""
    found = set()
    for command in group.commands.values():
        if isinstance(command, click.Group):
            found |= options(command)
        found |= {
            name
            for parameter in command.params
            if isinstance(parameter, click.Option)
            for name in parameter.opts
            if name.startswith("--")
        }
    return found


def test_every_option() -> None:
    assert undocumented(options(main), "cli.md") == set()


def test_every_public_name_of_the_python_sdk() -> None:
    members = {
        name
        for kind in (client.Client, client.Session, client.Subscription)
        for name in vars(kind)
        if not name.startswith("_")
    }
    page = (DOCS / "reference/client-python.md").read_text(encoding="utf-8")
    named = set(re.findall(r"`(\w+)[`(]", page))
    assert ({*client.__all__} | members) - named == set()


def test_every_export_of_the_typescript_sdk() -> None:
    index = (ROOT / "web_client/src/sdk/index.ts").read_text(encoding="utf-8")
    exported = {
        name.strip().removeprefix("type ")
        for names in re.findall(r"^export (?:type )?\{(.*?)\}", index, re.MULTILINE | re.DOTALL)
        for name in names.split(",")
    }
    assert len(exported) > 10
    assert undocumented(exported, "client-typescript.md") == set()


def test_every_word_of_the_widget() -> None:
    sources = ROOT / "web_client/src"
    patterns = {
        "widget/widget.ts": r'attribute: "([\w-]+)"',
        "widget/events.ts": r'^  "(esapr-[\w-]+)"',
        "sdk/blocked.ts": r'^  \| "(\w+)"',
        "style/tokens.css": r"var\((--esapr-[\w-]+),",
    }
    names = {
        name
        for file, pattern in patterns.items()
        for name in re.findall(pattern, (sources / file).read_text(encoding="utf-8"), re.MULTILINE)
    }
    assert len(names) > 35
    assert undocumented(names, "widget.md") == set()


def test_every_installed_model() -> None:
    table, _, _ = (DOCS / "reference/models.md").read_text(encoding="utf-8").partition("## ")
    installed = {card.parent.name for card in ZOO.glob("*/model.toml")}

    assert installed == set(re.findall(r"^\| `(\w+)` \|", table, re.MULTILINE))


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(ROOT).as_posix())
def test_links_lead_somewhere(page: Path) -> None:
    for target in re.findall(r"\]\(([^)\s]+)\)", page.read_text(encoding="utf-8")):
        if "://" in target:
            continue
        path, _, anchor = target.partition("#")
        file = (page.parent / path).resolve() if path else page
        assert file.exists(), target
        if anchor:
            assert anchor in headings(file), target


@pytest.mark.parametrize("page", ["security.md", "compliance.md"])
def test_every_control_is_where_the_page_says(page: str) -> None:
    text = (DOCS / "explanation" / page).read_text(encoding="utf-8")
    named = re.findall(r"`((?:[\w.]+/)+[\w.]+\.(?:py|ts|md))(?::([\w.]+))?`", text)

    assert len(named) > 15
    assert [file for file, _ in named if not (ROOT / file).is_file()] == []
    assert [each for each in named if each[1] and each[1] not in defined(ROOT / each[0])] == []


def defined(file: Path) -> set[str]:
    """Names of what a module, or a class in it, defines; of a file in TypeScript its words."""
    text = file.read_text(encoding="utf-8")
    if file.suffix != ".py":
        return set(re.findall(r"\w+", text))
    module = ast.parse(text)
    classes = [node for node in module.body if isinstance(node, ast.ClassDef)]
    members = {f"{each.name}.{name}" for each in classes for name in names_in(each)}
    return members | set(names_in(module))


def names_in(node: ast.Module | ast.ClassDef) -> Iterator[str]:
    for each in node.body:
        match each:
            case ast.ClassDef(name=name) | ast.FunctionDef(name=name):
                yield name
            case ast.AsyncFunctionDef(name=name) | ast.AnnAssign(target=ast.Name(id=name)):
                yield name
            case ast.Assign(targets=[ast.Name(id=name)]):
                yield name


def test_every_row_of_the_compliance_page_says_what_in_its_file_does_it() -> None:
    page = (DOCS / "explanation/compliance.md").read_text(encoding="utf-8")
    rows = [line.split(" | ") for line in page.splitlines() if re.match(r"\| \d", line)]

    assert len(rows) > 25
    assert [row[0] for row in rows if "`" not in row[3]] == []
    # Pages and tests are meant as a whole, and so is a package.
    unnamed = [re.findall(r"`((?:cli|inference|protocol|server)/[\w./]+)`", row[3]) for row in rows]
    assert {file for files in unnamed for file in files} == {"inference/__init__.py"}


def headings(page: Path) -> set[str]:
    """Anchors of a page, as GitHub makes them."""
    titles = re.findall(r"^#+ (.+)$", page.read_text(encoding="utf-8"), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-") for title in titles}


def test_every_page_is_reached_from_the_index_once() -> None:
    linked = re.findall(r"\]\(([^)#]+)\)", (DOCS / "index.md").read_text(encoding="utf-8"))
    pages = {page.relative_to(DOCS).as_posix() for page in DOCS.rglob("*.md")}

    assert sorted(pages - {"index.md"}) == sorted(linked)
