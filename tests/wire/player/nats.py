# The NATS notation: lines of the protocol, with > what the client sends and with < what the server answers.
import json
import re

from .connection import Closed, Connection


def contains(actual, expected):
    """True if the expected JSON is a part of the actual one: objects may have more fields; "~text" is a regular expression."""
    if isinstance(expected, dict):
        return isinstance(actual, dict) and all(key in actual and contains(actual[key], value) for key, value in expected.items())
    if isinstance(expected, str) and expected.startswith("~"):
        return isinstance(actual, str) and re.fullmatch(expected[1:], actual) is not None
    return type(actual) is type(expected) and actual == expected


def expect_json(step, line):
    """`VERB {json}`, or only `{json}`; in place of a member's value null means that it must be absent."""
    verb, _, body = step.text.rpartition(" {") if not step.text.startswith("{") else ("", "", step.text[1:])
    expected = json.loads("{" + body)
    if not line.startswith(verb):
        step.fail(f"came:     {line}")
    actual = json.loads(line[len(verb):])
    absent = [key for key, value in expected.items() if value is None]
    present = {key: value for key, value in expected.items() if value is not None}
    if not contains(actual, present) or any(key in actual for key in absent):
        step.fail(f"came:     {line}")


API = "$JS.API."
INBOX = "answers"


class Player:
    def __init__(self, port):
        self.port = port
        self.connections = {}
        self.asking = set()

    def connection(self, step):
        """Opened by its first step. INFO is read and dropped, unless that step says what it must be."""
        if step.connection not in self.connections:
            opened = self.connections[step.connection] = Connection(self.port)
            if step.action.startswith(">"):
                opened.read_line()
        return self.connections[step.connection]

    def next_line(self, step):
        """The server's PINGs come when they like, so they are answered and passed over."""
        connection = self.connection(step)
        while True:
            try:
                line = connection.read_line().decode("utf-8", "backslashreplace")
            except (Closed, TimeoutError) as end:
                step.fail(str(end))
            if line != "PING" or step.text == "PING":
                return line
            connection.send(b"PONG\r\n")

    def play(self, step):
        action = self.ACTIONS.get(step.action)
        if action is None:
            step.fail("there is no such action")
        action(self, step)

    def send(self, step):
        self.connection(step).send(step.text.encode() + b"\r\n")

    def send_raw(self, step):
        self.connection(step).send(json.loads(step.text).encode("latin-1"))

    def send_repeated(self, step):
        count, text = step.text.split(" ", 1)
        self.connection(step).send(int(count) * json.loads(text).encode("latin-1"))

    def ask(self, step, prefix=""):
        """A request whose answers come to an inbox of the connection, which subscribes to it with the first one."""
        connection = self.connection(step)
        if step.connection not in self.asking:
            self.asking.add(step.connection)
            connection.send(b'CONNECT {"verbose":false,"headers":true,"no_responders":true}\r\nSUB %s 1\r\n' % INBOX.encode())
        subject, _, body = step.text.partition(" ")
        header = ""
        if body.startswith("["):  # one header line
            header, _, body = body[1:].partition("] ") if "] " in body else (body[1:-1], "", "")
            header = f"NATS/1.0\r\n{header}\r\n\r\n"
        sizes = f"{len(header.encode())} {len((header + body).encode())}" if header else f"{len(body.encode())}"
        connection.send(f"{'HPUB' if header else 'PUB'} {prefix}{subject} {INBOX} {sizes}\r\n{header}{body}\r\n".encode())

    def ask_api(self, step):
        self.ask(step, API)

    def expect_answer(self, step):
        """One message to the inbox: JSON that holds this, a status ("404 No Messages"), or nothing ("empty")."""
        line = self.next_line(step)
        found = re.fullmatch(rf"(MSG|HMSG) {INBOX} 1 ([0-9 ]+)", line)
        if not found:
            step.fail(f"came:     {line[:2000]}")
        sizes = [int(size) for size in found[2].split()]
        payload = self.connection(step).read_exactly(sizes[-1] + 2)[:-2].decode("utf-8", "backslashreplace")
        if found[1] == "HMSG":
            if payload.removeprefix("NATS/1.0 ").rstrip("\r\n").replace("\r\n", " | ") != step.text:
                step.fail(f"came:     {payload[:2000]!r}")
        elif step.text == "empty":
            if payload:
                step.fail(f"came:     {payload[:2000]}")
        else:
            expect_json(step, payload)

    def hang_up(self, step):
        self.connections.pop(step.connection).close()

    def expect(self, step):
        line = self.next_line(step)
        if line != step.text:
            step.fail(f"came:     {line[:2000]}")

    def expect_match(self, step):
        line = self.next_line(step)
        if not re.fullmatch(step.text, line):
            step.fail(f"came:     {line[:2000]}")

    def expect_json(self, step):
        expect_json(step, self.next_line(step))

    def expect_repeated(self, step):
        count, text = step.text.split(" ", 1)
        expected = int(count) * json.loads(text).encode("latin-1")
        try:
            if self.connection(step).read_exactly(len(expected)) != expected:
                step.fail("other bytes came")
        except (Closed, TimeoutError) as end:
            step.fail(str(end)[:500])

    def expect_close(self, step):
        connection = self.connection(step)
        try:
            while True:
                connection.read_more()
        except Closed:
            if connection.input not in (b"", b"PING\r\n"):
                step.fail(f"came before: {connection.input!r}")
        except TimeoutError:
            step.fail("the connection is still open")

    ACTIONS = {
        ">": send, ">raw": send_raw, ">repeat": send_repeated, ">close": hang_up,
        ">ask": ask, ">api": ask_api, "<answer": expect_answer,
        "<": expect, "<~": expect_match, "<json": expect_json, "<repeat": expect_repeated, "<closed": expect_close,
    }


def play(server, script):
    player = Player(server.nats_port)
    try:
        for step in script.steps:
            player.play(step)
        for name, connection in player.connections.items():
            if connection.input not in (b"", b"PING\r\n"):
                script.steps[-1].fail(f"connection {name or '(unnamed)'} has more: {connection.input!r}")
    finally:
        for connection in player.connections.values():
            connection.close()
