# The nats command line tool, which operators reach for first: that what it shows and does every day works. Its build takes minutes.
import json
import os
import re
import subprocess
import urllib.request

import probes
import pytest
from servers import wait_until

pytestmark = [pytest.mark.both("nats-server"), pytest.mark.long]

DEADLINE_S = 60


@pytest.fixture
def start(server, tmp_path):
    """Starts the tool with these arguments; its contexts are not the user's."""
    environment = {**os.environ, "HOME": str(tmp_path), "NO_COLOR": "1"}
    started = []

    def run(*arguments):
        command = [*probes.nats_cli(), "--server", server.nats_url, *map(str, arguments)]
        started.append(subprocess.Popen(command, cwd=tmp_path, env=environment, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                        stderr=subprocess.STDOUT, text=True))
        return started[-1]

    yield run
    for process in started:
        process.kill()


@pytest.fixture
def nats(start):
    """Runs it to its end and returns what it printed."""

    def run(*arguments):
        process = start(*arguments)
        printed, _ = process.communicate(timeout=DEADLINE_S)
        assert process.returncode == 0, printed
        return printed

    return run


def wait_for_subscription(server):
    def subscriptions():
        with urllib.request.urlopen(server.monitoring_url + "/varz", timeout=DEADLINE_S) as answer:
            return json.load(answer)["subscriptions"]

    before = subscriptions()
    return lambda: wait_until(lambda: subscriptions() > before, DEADLINE_S, "the tool to subscribe")


def test_pub_and_sub(server, start, nats):
    wait = wait_for_subscription(server)
    subscriber = start("sub", "a.*", "--count", 2)
    wait()
    nats("pub", "a.b", "one", "-H", "Colour:red")
    nats("pub", "a.c", "two")
    printed, _ = subscriber.communicate(timeout=DEADLINE_S)
    assert re.search(r'"a.b"\s.*Colour: red.*one.*"a.c"\s.*two', printed, re.DOTALL), printed


def test_request_and_reply(server, start, nats):
    wait = wait_for_subscription(server)
    start("reply", "q", "pong {{.Request}}", "--count", 1)
    wait()
    assert "pong ping" in nats("request", "q", "ping")


def test_server_and_account(nats):
    assert "OK Connection OK" in nats("server", "check", "connection")
    assert "JetStream Account Information" in nats("account", "info")
    nats("rtt")


def test_streams(nats, name):
    assert f"Stream {name} was created" in nats("stream", "add", name, "--subjects", "orders.*", "--defaults")
    assert "Sequence: 1" in nats("pub", "orders.1", "first", "--jetstream")
    nats("pub", "orders.2", "second {{Count}}", "--jetstream", "--count", 3)
    info = json.loads(nats("stream", "info", name, "--json"))
    assert (info["config"]["subjects"], info["state"]["messages"], info["state"]["num_subjects"]) == (["orders.*"], 4, 2)
    assert "Messages: 4" in nats("stream", "info", name)
    assert nats("stream", "ls", "--names").split() == [name]
    assert re.search(rf"{name} .* 4 ", nats("stream", "report"))
    assert "orders.2" in nats("stream", "subjects", name)
    assert "first" in nats("stream", "get", name, 1)
    assert "second 2" in nats("stream", "get", name, 3)
    nats("stream", "rmm", name, 2, "-f")
    nats("stream", "edit", name, "--max-msgs", 10, "-f")
    nats("stream", "purge", name, "--subject", "orders.1", "-f")
    assert json.loads(nats("stream", "info", name, "--json"))["state"]["messages"] == 2
    nats("stream", "rm", name, "-f")
    assert "No Streams" in nats("stream", "ls")


def test_consumers(nats, name):
    nats("stream", "add", name, "--subjects", "orders.*", "--defaults")
    nats("pub", "orders.new", "order {{Count}}", "--jetstream", "--count", 3)
    nats("consumer", "add", name, "pull", "--pull", "--defaults", "--deliver", "all")
    printed = nats("consumer", "next", name, "pull", "--count", 2)
    assert re.search(r"order 1.*Acknowledged.*order 2.*Acknowledged", printed, re.DOTALL), printed
    info = json.loads(nats("consumer", "info", name, "pull", "--json"))
    assert (info["ack_floor"]["stream_seq"], info["num_pending"]) == (2, 1)
    assert "pull" in nats("consumer", "ls", name)
    assert "pull" in nats("consumer", "report", name)
    printed = nats("sub", "--stream", name, "--all", "--count", 3)  # an ordered consumer
    assert re.search("order 1.*order 2.*order 3", printed, re.DOTALL), printed
    nats("consumer", "rm", name, "pull", "-f")


def test_buckets(start, nats, name, server):
    assert name in nats("kv", "add", name, "--history", 3)
    nats("kv", "put", name, "sky", "grey")
    nats("kv", "put", name, "sky", "blue")
    nats("kv", "create", name, "sea", "green")
    assert nats("kv", "get", name, "sky", "--raw") == "blue"
    assert nats("kv", "get", name, "sky", "--revision", 1, "--raw") == "grey"
    assert start("kv", "create", name, "sea", "red").wait(DEADLINE_S) != 0
    nats("kv", "update", name, "sea", "teal", 3)
    history = nats("kv", "history", name, "sky")
    assert "grey" in history and "blue" in history
    assert sorted(nats("kv", "ls", name).split()) == ["sea", "sky"]
    nats("kv", "del", name, "sea", "-f")
    nats("kv", "purge", name, "sky", "-f")
    assert start("kv", "get", name, "sky").wait(DEADLINE_S) != 0
    assert "Values Stored: 4" in nats("kv", "info", name)
    nats("kv", "del", name, "-f")


def test_object_stores(nats, name, tmp_path):
    nats("object", "add", name)
    picture = tmp_path / "picture.bin"
    picture.write_bytes(os.urandom(1_000_000))
    nats("object", "put", name, picture, "--name", "picture", "--no-progress", "-f")
    assert "picture" in nats("object", "ls", name)
    assert "Chunks: 8" in nats("object", "info", name, "picture")
    nats("object", "get", name, "picture", "-O", tmp_path / "back.bin", "--no-progress")
    assert (tmp_path / "back.bin").read_bytes() == picture.read_bytes()
    nats("object", "del", name, "picture", "-f")
    nats("object", "del", name, "-f")


def test_bench(nats):
    nats("bench", "pub", "x", "--msgs", 20_000, "--no-progress")
    nats("stream", "add", "s", "--subjects", "s.*", "--defaults")  # with --create the tool asks for batches, which Firth does not serve
    nats("bench", "js", "pub", "sync", "s.x", "--stream", "s", "--msgs", 200, "--no-progress")
    nats("bench", "js", "pub", "async", "s.x", "--stream", "s", "--msgs", 5_000, "--no-progress")
    assert "5,200" in nats("stream", "ls")
    nats("bench", "js", "ordered", "--stream", "s", "--msgs", 5_200, "--no-progress")
    nats("bench", "js", "fetch", "--stream", "s", "--msgs", 5_200, "--no-progress")
    nats("bench", "kv", "put", "--msgs", 200, "--no-progress")
    nats("bench", "kv", "get", "--msgs", 200, "--no-progress")
