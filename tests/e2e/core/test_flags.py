# The command line, as an operator types it: what comes out, the exit code, and what a running server does with the flags. The binary is
# called by the name nats-server here, for it must stand in for that one.
import json
import os
import subprocess

import nats
import pytest
from servers.process import wait_until

pytestmark = [pytest.mark.both("nats-server"), pytest.mark.one_shard]

DEADLINE_S = 30
HASH = "$2a$04$abcdefghijklmnopqrstuuBh5b/5/Qcm/g6XSjuLKFOXZ6zvyfRzy"  # of "firth"


@pytest.fixture
def program(server, tmp_path):
    path = tmp_path / "nats-server"
    path.symlink_to(server.binary())
    return str(path)


def answer(program, *arguments, **options):
    done = subprocess.run([program, *arguments], capture_output=True, text=True, timeout=DEADLINE_S, **options)
    return done.returncode, done.stdout, done.stderr.strip()


class Running:
    """The program with these flags, on a free port, until the end of the block."""

    def __init__(self, program, directory, *arguments):
        self.directory = directory
        directory.mkdir()
        self.process = subprocess.Popen([program, "-a", "127.0.0.1", "-p", "-1", "--ports_file_dir", str(directory), *arguments],
                                        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        self.ports_file = directory / f"nats-server_{self.process.pid}.ports"

    def __enter__(self):
        wait_until(lambda: self.ports_file.exists() and self.ports_file.read_text().endswith("}"), DEADLINE_S, "the ports file")
        self.url = json.loads(self.ports_file.read_text())["nats"][0]
        return self

    def __exit__(self, *_):
        self.process.terminate()
        assert self.process.wait(DEADLINE_S) in (0, 1)


async def may_connect(url, **options):
    try:
        client = await nats.connect(url, allow_reconnect=False, connect_timeout=10, max_reconnect_attempts=1, error_cb=ignore, **options)
    except Exception:
        return False
    await client.close()
    return True


async def ignore(_):
    pass


async def test_answers_without_serving(program, tmp_path):
    files = {"ok": "port: -1\n", "unknown": "foo: 1\n", "warns": "port: 1\nping_interval: 5\n", "open": "port: [\n"}
    for name, text in files.items():
        (tmp_path / name).write_text(text)

    def run(*arguments):
        return answer(program, *arguments, cwd=tmp_path)

    for word in ("-v", "--version", "version"):
        code, out, err = run(word)
        assert (code, err) == (0, "") and out.startswith("nats-server: v2.15.")
    assert run("-h")[0] == 0 and "Usage: nats-server [options]" in run("-h")[1]
    assert run("-t") == (1, "", "nats-server: must specify [-c, --config] option to check configuration file syntax")
    assert run("-c", "none") == (1, "", "nats-server: open none: no such file or directory")
    assert run("-c", "unknown") == run("-t", "-c", "unknown") == (1, "", 'nats-server: unknown:1:0: unknown field "foo"')
    assert run("-c", "open")[2].startswith("nats-server: Parse error on line 2:")
    assert run("-c", "warns", "-t")[0] == 1
    code, _, err = run("-c", "ok", "-t")
    assert code == 0 and err.startswith("nats-server: configuration file ok is valid")
    assert run("foo") == (1, "", 'nats-server: unrecognized command: "foo"')
    wrong = [(("-p", "x"), 'invalid value "x" for flag -p: parse error'), (("-m",), "flag needs an argument: -m"),
             (("--nope",), "flag provided but not defined: -nope")]
    for arguments, words in wrong:
        code, out, err = run(*arguments)
        assert (code, err) == (0, words) and "Usage: nats-server [options]" in out
    assert run("-p", "70000")[0] == 1


async def test_flags_of_a_running_server(program, tmp_path):
    flags = ("-n", "me", "-m", "-1", "-js", "-sd", str(tmp_path / "store"), "-P", str(tmp_path / "pid"), "-l", str(tmp_path / "log"))
    with Running(program, tmp_path / "run", *flags) as running:
        client = await nats.connect(running.url)
        assert client._server_info["server_name"] == "me"
        await client.jetstream().add_stream(name="s", subjects=["s"])
        assert (await client.jetstream().publish("s", b"x")).seq == 1
        await client.close()
        assert (tmp_path / "pid").read_text() == str(running.process.pid)
        assert list(json.loads(running.ports_file.read_text())["monitoring"])
        assert os.listdir(tmp_path / "store")
        assert "Server is ready" in (tmp_path / "log").read_text()
    assert not running.ports_file.exists()


@pytest.mark.parametrize("secret", ["firth", HASH])
async def test_who_gets_in(program, tmp_path, secret):
    with Running(program, tmp_path / "user", "--user", "ada", "--pass", secret, "-l", str(tmp_path / "log")) as running:
        assert await may_connect(running.url, user="ada", password="firth")
        assert not await may_connect(running.url, user="ada", password="other")
        assert not await may_connect(running.url)
    assert ("Plaintext passwords detected, use nkeys or bcrypt" in (tmp_path / "log").read_text()) == (secret == "firth")
    with Running(program, tmp_path / "token", "--auth", secret) as running:
        assert await may_connect(running.url, token="firth")
        assert not await may_connect(running.url, token="other")


async def test_a_trace_shows_the_protocol_and_no_secret(program, tmp_path):
    log = tmp_path / "log"
    with Running(program, tmp_path / "run", "-DV", "--user", "ada", "--pass", "lovelace", "-l", str(log)) as running:
        client = await nats.connect(running.url, user="ada", password="lovelace")
        subscription = await client.subscribe("foo")
        await client.publish("foo", b"hel\nlo", reply="re")
        await subscription.next_msg(DEADLINE_S)
        await client.close()
        wait_until(lambda: "Client connection closed" in log.read_text(), DEADLINE_S, "the end of the connection in the log")
    text = log.read_text().replace("SUB foo  1", "SUB foo 1")  # nats-py sends two blanks, and the real server shows them
    lines = [line.split(" - ", 1)[1] for line in text.splitlines() if "[TRC]" in line]
    for wanted in ("<<- [SUB foo 1]", "<<- [PUB foo re 6]", r'<<- MSG_PAYLOAD: ["hel\nlo"]', "->> [MSG foo 1 re 6]",
                   r'->> MSG_PAYLOAD: ["hel\nlo"]', "<<- [PING]", "->> [PONG]"):
        assert any(line.endswith(wanted) for line in lines), wanted
    assert "lovelace" not in text and '"pass":"[REDACTED]"' in text.replace('": "', '":"')
