# The probe programs in Java and Go: built once into .cache when their sources are newer, then run with a deadline.
import functools
import json
import shutil
import subprocess
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


@functools.cache
def java_probe():
    jar = CACHE / "java-probe" / "probe-1.jar"
    build(HERE / "java", jar, ["mvn", "-q", "-B", "package"])
    # Short programs: less time for the compiler and for the shared archive to be wrong.
    return ["java", "-XX:TieredStopAtLevel=1", "-Xshare:auto", "-cp", f"{jar}:{CACHE / 'java-probe' / 'libs'}/*", "firth.Probe"]


@functools.cache
def go_probe(name):
    binary = CACHE / "go-probes" / name
    go = shutil.which("go") or str(CACHE / "venv" / "bin" / "go")
    build(HERE / "go", binary, [go, "build", "-o", f"{binary.parent}/", "./..."])
    return [str(binary)]


def run(command, *arguments):
    """The JSON lines that the probe prints."""
    done = subprocess.run([*command, *map(str, arguments)], capture_output=True, text=True, timeout=DEADLINE_S)
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-4000:]
    return [json.loads(line) for line in done.stdout.splitlines()]


def kafka(language, *arguments):
    """language: java or franz-go; both know the same commands."""
    return run(java_probe() if language == "java" else go_probe("kafka_probe"), *arguments)


def nats_go(*arguments):
    return run(go_probe("nats_probe"), *arguments)
