# How the tests of one_log/ look at a stored message from the NATS side without a client library's opinion of it.
import base64
import json
from dataclasses import dataclass
from datetime import datetime, timezone


@dataclass(frozen=True)
class Stored:
    sequence: int
    subject: str
    data: bytes
    headers: list  # (name, value) in order, duplicates kept
    time: str      # RFC 3339 with nanoseconds

    @property
    def nanoseconds(self):
        """Since 1970. datetime has microseconds only."""
        seconds, _, fraction = self.time.removesuffix("Z").partition(".")
        whole = datetime.fromisoformat(seconds).replace(tzinfo=timezone.utc)
        return int(whole.timestamp()) * 1_000_000_000 + int(fraction.ljust(9, "0") or 0)


class NoMessage(Exception):
    """The API's error; args[0] is its err_code."""


async def api(client, subject, request=None):
    """One request of the JetStream API, as JSON."""
    reply = await client.request(f"$JS.API.{subject}", b"" if request is None else json.dumps(request).encode(), timeout=10)
    answer = json.loads(reply.data)
    if "error" in answer:
        raise NoMessage(answer["error"]["err_code"], answer["error"]["description"])
    return answer


async def stored(client, stream, sequence):
    message = (await api(client, f"STREAM.MSG.GET.{stream}", {"seq": sequence}))["message"]
    block = base64.b64decode(message.get("hdrs", "")).decode("utf-8", "surrogateescape")
    lines = [line.split(":", 1) for line in block.split("\r\n")[1:] if line]
    return Stored(message["seq"], message["subject"], base64.b64decode(message.get("data", "")),
                  [(key, value.removeprefix(" ")) for key, value in lines], message["time"])


async def stored_all(client, stream):
    """Every message that is left, in order."""
    state = (await api(client, f"STREAM.INFO.{stream}"))["state"]
    found = []
    for sequence in range(state["first_seq"], state["last_seq"] + 1):
        try:
            found.append(await stored(client, stream, sequence))
        except NoMessage as gone:
            assert gone.args[0] == 10037
    return found
