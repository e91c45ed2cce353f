# The Kafka notation: frames as lists of typed fields. A request is sent when the first line that is not part of it comes.
import json
import re
import struct
import time

from .connection import DEADLINE_S, Closed, Connection
from .script import Mismatch

INTEGERS = {"int8": ">b", "int16": ">h", "int32": ">i", "int64": ">q", "uint32": ">I"}


def unsigned_varint(value):
    out = b""
    while value >= 0x80:
        out += bytes([value & 0x7F | 0x80])
        value >>= 7
    return out + bytes([value])


def encode(kind, text):
    if kind in INTEGERS:
        return struct.pack(INTEGERS[kind], int(text))
    if kind == "uvarint":
        return unsigned_varint(int(text))
    if kind == "hex":
        return bytes.fromhex(text)
    value = json.loads(text)
    data = None if value is None else value.encode()
    if kind == "string":
        return struct.pack(">h", -1) if data is None else struct.pack(">h", len(data)) + data
    if kind == "cstring":  # compact, of flexible versions
        return b"\0" if data is None else unsigned_varint(len(data) + 1) + data
    raise ValueError(kind)


class Reader:
    def __init__(self, data):
        self.data, self.at = data, 0

    def take(self, size):
        if self.at + size > len(self.data):
            raise ValueError(f"the response ends after {len(self.data)} bytes")
        self.at += size
        return self.data[self.at - size:self.at]

    def uvarint(self):
        value = shift = 0
        while True:
            byte = self.take(1)[0]
            value |= (byte & 0x7F) << shift
            shift += 7
            if byte < 0x80:
                return value

    def read(self, kind):
        if kind in INTEGERS:
            return struct.unpack(INTEGERS[kind], self.take(struct.calcsize(INTEGERS[kind])))[0]
        if kind == "uvarint":
            return self.uvarint()
        if kind == "tags":  # tagged fields: their number, then number, size and bytes of each
            return {self.uvarint(): self.take(self.uvarint()).hex() for _ in range(self.uvarint())}
        if kind == "string":
            size = self.read("int16")
            return None if size < 0 else self.take(size).decode()
        if kind == "cstring":
            size = self.uvarint()
            return None if size == 0 else self.take(size - 1).decode()
        raise ValueError(f"no field is a {kind}")


def words_of(step):
    """The words of a step before its comment; "..." is one word."""
    return re.findall(r'"[^"]*"|\S+', step.text.split("#")[0])


def matches(word, value):
    """A word is a JSON value, several with | between them, or * for anything."""
    if word == "*":
        return True
    return any(json.loads(one) == value for one in (word.split("|") if word[0] != '"' else [word]))


class Player:
    def __init__(self, port):
        self.connection = Connection(port)
        self.request = None
        self.response = None
        self.elements = []  # of the array that was read last
        self.last = None

    def play(self, step):
        words = words_of(step)
        if step.action == "<closed":
            self.finish(step)
            self.expect_close(step)
        elif step.action == ">" and words[0] == "request":
            self.finish(step)
            self.begin_request(words[1:])
        elif step.action == ">" and words[0] == "raw":
            self.finish(step)
            self.connection.send(bytes.fromhex("".join(words[1:])))
        elif step.action == ">":
            self.request += b"\0" if words[0] == "tags" else encode(words[0], " ".join(words[1:]))
        elif step.action == "<" and words[0] == "response":
            self.finish(step)
            self.begin_response(step, words[1:])
        elif step.action == "<":
            self.expect(step, words)
        else:
            step.fail("there is no such action")
        self.last = step

    def begin_request(self, words):
        """`request KEY vVERSION id N`, and `tags` if the version is flexible."""
        key, version, correlation_id = int(words[0]), int(words[1].removeprefix("v")), int(words[3])
        self.request = struct.pack(">hhi", key, version, correlation_id) + encode("string", '"wire"')
        if "tags" in words:
            self.request += b"\0"

    def begin_response(self, step, words):
        """`response id N`, and `tags` if its header has them."""
        try:
            size = struct.unpack(">i", self.connection.read_exactly(4))[0]
            self.response = Reader(self.connection.read_exactly(size))
        except (Closed, TimeoutError) as end:
            step.fail(str(end))
        found = self.response.read("int32")
        if found != int(words[1]):
            step.fail(f"the correlation id is {found}")
        if "tags" in words:
            self.response.read("tags")

    def finish(self, step):
        """Sends the request that was written, or makes sure that the response was read to its end."""
        if self.request is not None:
            self.connection.send(struct.pack(">i", len(self.request)) + self.request)
            self.request = None
        if self.response is not None:
            rest = self.response.data[self.response.at:]
            if rest:
                (self.last or step).fail(f"{len(rest)} more bytes came: {rest.hex()}")
            self.response = None

    def expect(self, step, words):
        try:
            if words[0] in ("array", "carray"):  # e.g. `array int16 int16 int16`: its elements are looked at by `has` and `hasnot`
                count = self.response.read("int32") if words[0] == "array" else self.response.uvarint() - 1
                self.elements = [[self.response.read(kind) for kind in words[1:]] for _ in range(count)]
            elif words[0] in ("has", "hasnot"):
                found = any(self.same(element, words[1:]) for element in self.elements)
                if found != (words[0] == "has"):
                    step.fail(f"the array holds {self.elements}")
            elif words[0] == "hex":
                value = self.response.take(len(words[1]) // 2).hex()
                if value != words[1]:
                    step.fail(f"it is {value}")
            else:
                value = self.response.read(words[0])
                if not self.same([value], words[1:] or ["*"]):
                    step.fail(f"it is {value!r}")
        except ValueError as wrong:
            step.fail(str(wrong))

    @staticmethod
    def same(values, words):
        """Fields after the last word may be anything."""
        return all(matches(word, value) for value, word in zip(values, words))

    def expect_close(self, step):
        try:
            self.connection.read_more()
        except Closed:
            return
        except TimeoutError:
            step.fail("the connection is still open")
        step.fail(f"came: {self.connection.input.hex()}")


def play(server, script):
    """A request marked `until` is sent again while its response is another one: brokers create topics and coordinators behind their answers."""
    player = Player(server.kafka_port)
    index, again, deadline = 0, None, 0
    try:
        while index < len(script.steps):
            step = script.steps[index]
            try:
                player.play(step)
            except Mismatch:
                if again is None or time.monotonic() > deadline:
                    raise
                player.response = None
                index = again
                continue
            words = words_of(step)
            if step.action == ">" and words[0] == "request" and index != again:
                again, deadline = (index, time.monotonic() + DEADLINE_S) if "until" in words else (None, 0)
            index += 1
        player.finish(script.steps[-1])
    finally:
        player.connection.close()
