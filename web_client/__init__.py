"""The page that `esapr serve` answers on `/`: built from TypeScript by `npm run build`."""

from pathlib import Path

STATIC = Path(__file__).parent / "static"
"""Folder of the built page. It is missing in a checkout where `npm run build` has not run."""
