# `./run demo` on a part of its data: every path through both faces counts what the file says, before and after kill -9.
import subprocess
import sys

from servers import REPOSITORY

ROWS_FIRST, ROWS_AGAIN = 6, 5  # the publisher has nothing to do the second time


def test_every_path_agrees_with_the_file(shards):
    command = [sys.executable, "demo", "--flights", "5000", "--shards", str(shards)]
    done = subprocess.run(command, cwd=REPOSITORY, capture_output=True, text=True, timeout=240)
    assert done.returncode == 0, done.stdout + done.stderr
    first, again = done.stdout.split("kill -9", 1)
    assert (first.count("  as in the file"), again.count("  as in the file")) == (ROWS_FIRST, ROWS_AGAIN), done.stdout
    assert "NOT AS IN THE FILE" not in done.stdout
