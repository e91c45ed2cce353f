# The probe programs in Java and Go: built once into .cache when their sources are newer, then asked with a deadline. A Go program starts in
# milliseconds and is started for each command; the Java virtual machine takes two seconds, so that one of them serves all tests.
import atexit
import functools
import json
import os
import select
import shutil
import subprocess
import time
from pathlib import Path

HERE = Path(__file__).resolve().parent
CACHE = HERE.parents[1] / ".cache"
DEADLINE_S = 120


def newest(folder):
    return max(path.stat().st_mtime for path in folder.rglob("*") if path.is_file())


def build(sources, made, command, **options):
    """Runs the command unless what it makes is newer than its sources."""
    if made.exists() and made.stat().st_mtime >= newest(sources):
        return
    done = subprocess.run(command, cwd=sources, capture_output=True, text=True, **options)
    if done.returncode != 0:
        raise RuntimeError(f"{' '.join(map(str, command))}\n{done.stdout[-4000:]}{done.stderr[-4000:]}")
    made.touch()


class Java:
    """One Java process that takes commands line by line."""

    def __init__(self, command):
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        self.buffer = b""
        atexit.register(self.process.kill)

    def line(self, end):
        while b"\n" not in self.buffer:
            ready, _, _ = select.select([self.process.stdout], [], [], max(0, end - time.monotonic()))
            more = os.read(self.process.stdout.fileno(), 1 << 16) if ready else b""
            if not more:
                self.process.kill()
                java.cache_clear()  # the next command gets a fresh one
                raise AssertionError(f"the Java probe {'ended' if ready else 'is stuck'}")
            self.buffer += more
        line, self.buffer = self.buffer.split(b"\n", 1)
        return json.loads(line)

    def run(self, *arguments):
        self.process.stdin.write(json.dumps([str(a) for a in arguments]).encode() + b"\n")
        self.process.stdin.flush()
        lines, end = [], time.monotonic() + DEADLINE_S
        while True:
            line = self.line(end)
            assert "failed" not in line, line["failed"]
            if line.get("done") is True:
                return lines
            lines.append(line)


@functools.cache
def java():
    jar = CACHE / "java-probe" / "probe-2.jar"
    build(HERE / "java", jar, ["mvn", "-q", "-B", "package"])
    # Short commands: less time for the compiler.
    return Java(["java", "-XX:TieredStopAtLevel=1", "-Xshare:auto", "-cp", f"{jar}:{CACHE / 'java-probe' / 'libs'}/*", "firth.Probe"])


def go():
    return shutil.which("go") or str(CACHE / "venv" / "bin" / "go")


@functools.cache
def go_probe(name):
    binary = CACHE / "go-probes" / name
    build(HERE / "go", binary, [go(), "build", "-o", f"{binary.parent}/", "./..."])
    return [str(binary)]


@functools.cache
def nats_cli():
    """The command line tool itself: two minutes of two cores the first time."""
    binary = CACHE / "nats-cli" / "nats"
    build(HERE / "natscli", binary, [go(), "build", "-o", f"{binary.parent}/", "github.com/nats-io/natscli/nats"])
    return [str(binary)]


def run(command, *arguments):
    """The JSON lines that the probe prints."""
    done = subprocess.run([*command, *map(str, arguments)], capture_output=True, text=True, timeout=DEADLINE_S)
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-4000:]
    return [json.loads(line) for line in done.stdout.splitlines()]


def kafka(language, *arguments):
    """language: java or franz-go; both know the same commands."""
    return java().run(*arguments) if language == "java" else run(go_probe("kafka_probe"), *arguments)


def nats_go(*arguments):
    return run(go_probe("nats_probe"), *arguments)


def commands_of_nats_go(kind, server, bucket, *commands):
    """kind: kv or objects. Each command is a tuple of words; go/nats_probe/buckets.go and objects.go say which there are."""
    return nats_go(kind, server.nats_url, bucket, *(json.dumps([str(word) for word in command]) for command in commands))
