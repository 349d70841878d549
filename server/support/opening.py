"""The files of help lines, those of a deployment or those that are shipped."""

from importlib.resources import files
from pathlib import Path

from esapr.server.support import SupportError
from esapr.server.support.help_lines import HelpLines, read_help_lines


def open_help_lines(file: str | None) -> HelpLines:
    """Return the lines of ``file``, or those that are shipped.

    Raises:
        SupportError: the file cannot be read, or is malformed.
    """
    text = _shipped("help_lines.toml") if file is None else _own("help_lines_file", file)
    try:
        return read_help_lines(text)
    except SupportError as error:
        raise SupportError(f"help_lines_file: {error}") from error


def _shipped(name: str) -> str:
    return files("esapr.server.support").joinpath(name).read_text("utf-8")


def _own(setting: str, file: str) -> str:
    try:
        return Path(file).expanduser().read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise SupportError(f"{setting}: {error}") from error
