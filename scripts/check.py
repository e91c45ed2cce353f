"""Starts the server on free ports with its data in a temporary directory, checks it as a client sees it, and ends it.

usage: check.py FIRTH. The exit code is 0 when every check held. Standard library only.
"""

import json
import pathlib
import re
import socket
import struct
import subprocess
import sys
import tempfile
import time
import urllib.request

START_SECONDS = 20


def fail(text):
    print(f"check: FAILED: {text}")
    sys.exit(1)


def passed(text):
    print(f"check: {text}")


def check_version(firth):
    answer = subprocess.run([firth, "--version"], capture_output=True, text=True, timeout=START_SECONDS, check=False)
    if answer.returncode != 0 or not answer.stdout.startswith("firth"):
        fail(f"firth --version exits with {answer.returncode} and says {answer.stdout + answer.stderr!r}")
    passed(answer.stdout.strip())


def start(firth, directory):
    config = directory / "check.conf"
    config.write_text('kafka { listen: "127.0.0.1:-1" }\n')
    log = (directory / "log").open("wb")
    return subprocess.Popen(
        [firth, "-a", "127.0.0.1", "-p", "-1", "-m", "-1", "-js", "-sd", directory / "data",
         "--ports_file_dir", directory, "-c", config],
        stdin=subprocess.DEVNULL, stdout=log, stderr=subprocess.STDOUT)


def wait_for_ports(server, directory):
    """The contents of the ports file, or None if the server ended before it wrote one."""
    file = directory / f"firth_{server.pid}.ports"
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline:
        try:
            return json.loads(file.read_text())
        except (FileNotFoundError, json.JSONDecodeError):
            pass  # not there, or not whole yet
        try:
            server.wait(timeout=0.02)
            return None
        except subprocess.TimeoutExpired:
            pass
    fail(f"no {file.name} after {START_SECONDS} s")


def address(url):
    host, port = re.fullmatch(r"(?:\w+://)?([^:/]+):(\d+)/?", url).groups()
    return host, int(port)


def check_nats(url):
    with socket.create_connection(address(url), timeout=START_SECONDS) as connection:
        lines = connection.makefile("rwb")
        if not lines.readline().startswith(b"INFO {"):
            fail("the NATS port does not greet with INFO")
        lines.write(b'CONNECT {"verbose":false}\r\nSUB check 1\r\nPUB check 5\r\nhello\r\nPING\r\n')
        lines.flush()
        answers = [lines.readline(), lines.readline(), lines.readline()]
        if answers != [b"MSG check 1 5\r\n", b"hello\r\n", b"PONG\r\n"]:
            fail(f"a message published to oneself came back as {answers}")
    passed("NATS: a published message reached its subscriber")


def check_kafka(where):
    """ApiVersions version 0: key 18, correlation id 7, client id "check"; the answer repeats the correlation id."""
    request = struct.pack(">hhih", 18, 0, 7, 5) + b"check"
    with socket.create_connection(address(where), timeout=START_SECONDS) as connection:
        stream = connection.makefile("rwb")
        stream.write(struct.pack(">i", len(request)) + request)
        stream.flush()
        (size,) = struct.unpack(">i", stream.read(4))
        correlation, error, count = struct.unpack(">ihi", stream.read(size)[:10])
        if (correlation, error) != (7, 0) or count <= 0:
            fail(f"ApiVersions answers with correlation id {correlation}, error {error}, {count} APIs")
    passed(f"Kafka: ApiVersions names {count} APIs")


def check_monitoring(url):
    with urllib.request.urlopen(f"{url}/healthz", timeout=START_SECONDS) as answer:
        if answer.status != 200:
            fail(f"/healthz answers {answer.status}")
    passed("monitoring: /healthz is well")


def check_faces(firth):
    with tempfile.TemporaryDirectory(prefix="firth-check.") as name:
        directory = pathlib.Path(name)
        server = start(firth, directory)
        try:
            ports = wait_for_ports(server, directory)
            if ports is None:
                fail(f"the server exits with {server.returncode}:\n{(directory / 'log').read_text()}")
            check_nats(ports["nats"][0])
            if ports["kafka"]:
                check_kafka(ports["kafka"][0])
            else:
                passed("Kafka: not served yet")
            check_monitoring(ports["monitoring"][0])
            server.terminate()
            if server.wait(timeout=START_SECONDS) != 0:
                fail(f"SIGTERM ends the server with {server.returncode}")
            passed("SIGTERM ends it with exit code 0")
        finally:
            server.kill()
            server.wait()


if __name__ == "__main__":
    check_version(sys.argv[1])
    check_faces(sys.argv[1])
