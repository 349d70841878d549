"""``esapr audit``: whether the audit log is what the servers wrote."""

from collections.abc import Iterator
from pathlib import Path

import click
import msgspec

from esapr.server.config import ConfigError, ServerConfig
from esapr.server.trust.audit import Finding, Head, verify
from esapr.server.trust.audit_folder import chains, read_head, read_lines

MOST_SHOWN = 20


@click.group()
def audit() -> None:
    """Look at the audit log."""


@audit.command()
def head() -> None:
    """Print the newest line of every chain as ``chain index hash``, to be kept elsewhere."""
    for folder, newest in _heads(_config().audit_folder):
        if newest is None:
            raise click.ClickException(f"{folder} has no readable head")
        click.echo(f"{folder.name} {newest.index} {newest.hash}")


@audit.command("verify")
@click.option(
    "--heads",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="What 'esapr audit head' printed earlier.",
)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def verify_log(heads: Path | None, as_json: bool) -> None:
    """Find lines that were changed, removed or reordered; exit 1 if there are any."""
    config = _config()
    key = config.audit_key.encode() if config.audit_key else None
    kept = _kept_heads(heads) if heads else {}
    found: dict[str, list[Finding]] = {}
    for folder, newest in _heads(config.audit_folder):
        anchors = [*kept.pop(folder.name, []), *([newest] if newest else [])]
        found[folder.name] = verify(read_lines(folder), key, anchors)
        if newest is None:
            found[folder.name].append(Finding(1, "removed", "the head is missing or unreadable"))
    for chain in kept:
        found[chain] = [Finding(1, "truncated", "the whole chain is gone")]
    if not found:
        raise click.ClickException(f"there is no audit log in {config.audit_folder}")
    click.echo(msgspec.json.encode(found).decode() if as_json else "\n".join(_report(found)))
    if any(found.values()):
        raise click.exceptions.Exit(1)


def _config() -> ServerConfig:
    try:
        return ServerConfig.from_environ()
    except ConfigError as error:
        raise click.UsageError(str(error)) from error


def _heads(root: Path) -> Iterator[tuple[Path, Head | None]]:
    # Read before the lines: a running server may write more of them meanwhile.
    yield from [(folder, read_head(folder)) for folder in chains(root)]


def _kept_heads(path: Path) -> dict[str, list[Head]]:
    kept: dict[str, list[Head]] = {}
    for line in path.read_text(encoding="ascii").splitlines():
        try:
            chain, index, digest = line.split()
            kept.setdefault(chain, []).append(Head(int(index), digest))
        except ValueError:
            raise click.UsageError(f"{path}: {line!r} is not 'chain index hash'") from None
    return kept


def _report(found: dict[str, list[Finding]]) -> Iterator[str]:
    for chain, findings in found.items():
        if not findings:
            yield f"ok    chain {chain}"
        for each in findings[:MOST_SHOWN]:
            yield f"FAIL  chain {chain}, line {each.line}: {each.kind}: {each.problem}"
        if len(findings) > MOST_SHOWN:
            yield f"      and {len(findings) - MOST_SHOWN} more"
