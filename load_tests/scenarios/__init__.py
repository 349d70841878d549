"""Scenarios that are shipped, by the names of their files."""

from pathlib import Path

from esapr.load_tests.scenario import Scenario, ScenarioError, read_scenario

FOLDER = Path(__file__).parent


def shipped() -> list[str]:
    """Return their names."""
    return sorted(path.stem for path in FOLDER.glob("*.toml"))


def open_scenario(name: str) -> tuple[Scenario, Path]:
    """Return a scenario, by a shipped one's name or the path of a file, and its folder.

    Raises:
        ScenarioError: there is none, or it is wrong.
    """
    path = FOLDER / f"{name}.toml" if name in shipped() else Path(name)
    try:
        return read_scenario(path.read_text("utf-8")), path.parent
    except (OSError, UnicodeDecodeError) as error:
        known = ", ".join(shipped())
        raise ScenarioError(f"{name}: {error}; there are {known}, or a file") from error
    except ScenarioError as error:
        raise ScenarioError(f"{path}: {error}") from error
