"""Runs a command until standard input ends: for programs that do not watch it themselves.

``python guarded.py COMMAND ...``. Imports nothing of ours, so that it stays small.
"""

import os
import signal
import subprocess
import sys
from threading import Thread


def main() -> int:
    """Run the command; end it on SIGTERM and when standard input ends. Return its status."""
    process = subprocess.Popen(sys.argv[1:], stdin=subprocess.DEVNULL)

    def wait_for_the_end() -> None:
        # Not sys.stdin, whose lock this thread would hold when the interpreter ends.
        while os.read(0, 1_024):
            pass
        process.terminate()

    signal.signal(signal.SIGTERM, lambda *_: process.terminate())
    Thread(target=wait_for_the_end, daemon=True).start()
    return process.wait()


if __name__ == "__main__":
    sys.exit(main())
