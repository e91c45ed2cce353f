"""./run --check: starts the server on free ports with its data in a temporary directory, looks at it with a client of each kind, ends it.

The exit code is 0 when every check held. With the Python of .cache/venv, where the clients are.
"""

import asyncio
import pathlib
import subprocess
import sys
import tempfile
import urllib.request

import confluent_kafka
import nats

ROOT = pathlib.Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "tests"))

import servers

DEADLINE_S = 30
MESSAGES = 100


def expect(holds, text):
    print(f"check: {text}" if holds else f"check: FAILED: {text}")
    if not holds:
        sys.exit(1)


def check_version(binary):
    answer = subprocess.run([binary, "--version"], capture_output=True, text=True, timeout=DEADLINE_S, check=False)
    expect(answer.returncode == 0 and answer.stdout.startswith("firth"), (answer.stdout + answer.stderr).strip())


async def check_nats(server):
    client = await nats.connect(server.nats_url)
    greetings = await client.subscribe("greet.*")
    await client.publish("greet.world", b"hello")
    expect((await greetings.next_msg(DEADLINE_S)).data == b"hello", "nats-py: a published message reached its subscriber")
    js = client.jetstream()
    await js.add_stream(name="check", subjects=["check.>"])
    acks = [await js.publish(f"check.{i % 7}", b"%d" % i) for i in range(MESSAGES)]
    expect([ack.seq for ack in acks] == list(range(1, MESSAGES + 1)), f"nats-py: {MESSAGES} messages are on disk in a stream")
    await client.close()


def check_kafka(server):
    consumer = confluent_kafka.Consumer({"bootstrap.servers": server.kafka_address, "group.id": "check", "enable.auto.commit": False})
    consumer.assign([confluent_kafka.TopicPartition("check", 0, 0)])
    records = consumer.consume(MESSAGES, timeout=DEADLINE_S)
    consumer.close()
    found = [(record.error(), record.offset(), record.key(), record.value()) for record in records]
    expect(found == [(None, i, b"check.%d" % (i % 7), b"%d" % i) for i in range(MESSAGES)],
           "confluent-kafka: the same messages, as a topic, after kill -9 and a restart")


def check_commands(server):
    """What ./run tells a newcomer to type."""
    for line in (ROOT / "scripts/commands").read_text().splitlines():
        face, command = line.split(maxsplit=1)
        command = command.replace("4222", str(server.nats_port)).replace("9092", str(server.kafka_port))
        answer = subprocess.run(command, shell=True, capture_output=True, text=True, timeout=DEADLINE_S, check=False).stdout
        expect("MSG greet 1 5" in answer if face == "NATS" else 'topic "check" with 1 partitions' in answer, f"{face}: {command}")


def check_monitoring(server):
    with urllib.request.urlopen(f"{server.monitoring_url}/healthz", timeout=DEADLINE_S) as answer:
        expect(answer.status == 200, "monitoring: /healthz is well")


def main():
    with tempfile.TemporaryDirectory(prefix="firth-check.") as directory:
        with servers.make("firth", directory) as server:
            check_version(server.binary())
            asyncio.run(check_nats(server))
            server.kill()
            server.start()
            check_kafka(server)
            check_commands(server)
            check_monitoring(server)
            server.stop()
            expect(server.process.returncode == 0, "SIGTERM ends it with exit code 0")


if __name__ == "__main__":
    main()
