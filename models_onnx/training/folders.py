"""Where training data lie and where checkpoints go."""

import os
from pathlib import Path


def data_folder() -> Path:
    """Return the folder of the training sets: ``ESAPR_DATA``, else ``../shared/data``."""
    return Path(os.environ.get("ESAPR_DATA", "../shared/data")).resolve()


def run_folder(name: str) -> Path:
    """Return (and create) ``build/training/<name>``, where checkpoints and logs are kept."""
    folder = Path(os.environ.get("ESAPR_RUNS", "build/training")) / name
    folder.mkdir(parents=True, exist_ok=True)
    return folder
