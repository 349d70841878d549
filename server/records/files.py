"""Files that are their owner's alone."""

import os
from collections.abc import Callable
from pathlib import Path
from secrets import token_hex


def create(path: Path, write: Callable[[Path], None]) -> None:
    """Make the file ``path`` by ``write``, unless it exists; whole or not at all.

    Of several processes that try at once, one does it.
    """
    if path.exists():
        return
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    draft = path.with_name(f"{path.name}.{token_hex(8)}")
    draft.touch(mode=0o600)
    try:
        write(draft)
        os.link(draft, path)
    except FileExistsError:
        # Another process has been faster.
        pass
    finally:
        draft.unlink()
