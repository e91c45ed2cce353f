# Runs one row: every contender in every round, each on an empty directory, in an order that alternates from round to round.
import json
import subprocess
import tempfile

import servers
from servers.process import free_port

REPOSITORY = servers.REPOSITORY
GENERATOR = REPOSITORY / "build" / "release" / "bench" / "load" / "firth_load"
SERVER_CORE, GENERATOR_CORE = 0, 1


def firth_serves():
    """True if our own binary starts and answers on both ports."""
    with tempfile.TemporaryDirectory() as directory:
        server = servers.make("firth", directory)
        try:
            with server:
                return True
        except (servers.ServerFailed, FileNotFoundError):
            return False


def measure(row, placement, rounds, seconds, with_firth, messages):
    """{label: [result of each round]}; a result is what firth_load printed."""
    contenders = [c for c in row.contenders if with_firth or c.kind != "firth"]
    results = {contender.label: [] for contender in contenders}
    for number in range(rounds):
        for contender in contenders if number % 2 == 0 else reversed(contenders):
            with tempfile.TemporaryDirectory(prefix="firth-bench-") as directory:
                if row.restart:
                    result = restart_once(row, contender, placement, messages, directory)
                else:
                    run = start_once if row.name == "start" else load_once
                    result = run(row, contender, placement, seconds, directory)
                results[contender.label].append(result)
    return results


def load_once(row, contender, placement, seconds, directory):
    cores = {SERVER_CORE} if placement == "pinned" else None
    with servers.make(contender.kind, directory, cores=cores, **contender.options) as server:
        port = server.kafka_port if row.face == "kafka" else server.nats_port
        arguments = [*row.generator, "--port", port, "--pid", server.pid, "--seconds", seconds, "--warmup", row.warmup_s]
        return generate(arguments, placement)


def start_once(_row, contender, placement, _seconds, directory):
    """The generator starts the server itself, so that nothing but the server is timed."""
    server = servers.make(contender.kind, directory, **contender.options)
    if contender.kind == "kafka":
        protocol, port = "kafka", server.kafka_port
    else:
        protocol, port = "nats", free_port()
        server.port = port
    server.before_start()  # formatting a broker's directory is not starting it
    return generate(["start", "--port", port, "--protocol", protocol, "--", *server.command()], placement, directory)


def restart_once(row, contender, placement, messages, directory):
    with servers.make(contender.kind, directory, **contender.options) as server:
        generate(["fill", "--port", server.nats_port, "--messages", messages, "--bytes", "128", "--subjects", "1000"], placement)
        server.stop() if row.restart == "clean" else server.kill()
    server.port = free_port()
    return generate([*row.generator, "--port", server.port, "--", *server.command()], placement, directory)


def generate(arguments, placement, directory=None):
    pinned = ["taskset", "-c", str(GENERATOR_CORE)] if placement == "pinned" else []
    done = subprocess.run([*pinned, str(GENERATOR), *map(str, arguments)], capture_output=True, text=True, timeout=300, cwd=directory)
    if done.returncode != 0:
        raise SystemExit(f"firth_load {' '.join(map(str, arguments))}: {done.stderr.strip()}")
    return json.loads(done.stdout)
