"""The files of help lines and recommendations: of a deployment, or those that are shipped."""

from importlib.resources import files
from pathlib import Path

from esapr.server.support import SupportError
from esapr.server.support.catalogue import Catalogue, read_catalogue
from esapr.server.support.help_lines import HelpLines, read_help_lines

SHIPPED = "shipped"
"""Names the catalogue that comes with the server."""


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


def open_catalogue(name: str | None) -> Catalogue | None:
    """Return the catalogue of the file ``name``, or what is ``shipped``; None without a name.

    Raises:
        SupportError: the file cannot be read, or is malformed.
    """
    if name is None:
        return None
    text = _shipped("catalogue.toml") if name == SHIPPED else _own("catalogue", name)
    try:
        return read_catalogue(text)
    except SupportError as error:
        raise SupportError(f"catalogue: {error}") from error


def _shipped(name: str) -> str:
    return files("esapr.server.support").joinpath(name).read_text("utf-8")


def _own(setting: str, file: str) -> str:
    try:
        return Path(file).expanduser().read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise SupportError(f"{setting}: {error}") from error
