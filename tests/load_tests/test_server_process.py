"""What a server costs, by what the kernel says of its processes."""

import subprocess
import sys

from esapr.load_tests.process_tree import family
from esapr.load_tests.server_process import ServerProcess

BUSY = "import time\nwhile time.process_time() < 0.2: pass\nprint(flush=True); input()"
PARENT = f"""
import subprocess, sys
busy = subprocess.Popen([sys.executable, "-c", {BUSY!r}])
busy.wait()
print(flush=True)
input()
"""


def test_what_a_process_has_used_still_counts_when_it_has_ended() -> None:
    pipe = subprocess.PIPE
    with subprocess.Popen([sys.executable, "-c", PARENT], stdin=pipe, stdout=pipe) as parent:
        assert parent.stdin
        assert parent.stdout
        server = ServerProcess("", parent.pid)
        parent.stdout.readline()
        assert len(family(parent.pid)) == 2
        used = server.cpu_seconds
        assert used >= 0.2

        parent.stdin.write(b"\n")
        parent.stdin.flush()
        parent.stdout.readline()
        assert len(family(parent.pid)) == 1
        assert server.cpu_seconds >= used
        parent.stdin.close()
