# What must be so after a restart: every acknowledged write is there once, in order, with its content; nothing confirmed went back.
import asyncio
import time

from confluent_kafka import Consumer, TopicPartition
from nats.js.api import AckPolicy, ConsumerConfig
from nats_clients import connect
from writers import BUCKET, DURABLE, GROUP, KEYS, PARTITIONS, QUIET, STREAM, TOPIC, body

DEADLINE_S = 60


def numbers_in_order(name, lives, bodies, problems):
    """Of each writer, each number at most once and growing, and nothing that no writer wrote."""
    last = {life.name: -1 for life in lives}
    for where, data in bodies:
        writer, number, _ = data.decode().split(":")
        if data != body(writer, number) or writer not in last:
            problems.append(f"{name} {where} holds something that nobody wrote: {data!r}")
        elif int(number) <= last[writer]:
            problems.append(f"{name} {where}: {writer} wrote {number} before {last[writer]}, and not twice")
        else:
            last[writer] = int(number)


async def stored_messages(js, stream):
    """[(sequence, subject, body)] of a whole stream."""
    state = (await js.stream_info(stream)).state
    info = await js.add_consumer(stream, ConsumerConfig(ack_policy=AckPolicy.NONE, inactive_threshold=30))
    subscription = await js.pull_subscribe_bind(info.name, stream)
    messages = []
    while len(messages) < state.messages:
        for message in await subscription.fetch(min(1000, state.messages - len(messages)), timeout=10):
            messages.append((message.metadata.sequence.stream, message.subject, message.data))
    await js.delete_consumer(stream, info.name)
    return messages


async def check_stream(js, lives, problems):
    writers = [lives[name] for name in ("one-by-one", "asynchronous")]
    messages = await stored_messages(js, STREAM)
    found = {sequence: data for sequence, _, data in messages}
    for life in writers:
        for number, sequence in life.acknowledged.items():
            if found.get(sequence) != body(life.name, number):
                problems.append(f"stream: {life.name} {number}, acknowledged as sequence {sequence}, is {found.get(sequence)!r}")
    if [sequence for sequence, _, _ in messages] != list(range(1, len(messages) + 1)):
        problems.append("stream: the sequences have a gap")
    numbers_in_order("sequence", writers, [(sequence, data) for sequence, _, data in messages], problems)
    return messages


async def check_bucket(js, life, problems):
    """Of each key the newest value is the one acknowledged last, or one that was under way after it."""
    bucket = await js.key_value(BUCKET)
    newest = {}
    for number, revision in life.acknowledged.items():
        newest[number % KEYS] = (number, revision)
    for key, (number, revision) in newest.items():
        entry = await bucket.get(f"k{key}")
        written = int(entry.value.decode().split(":")[1])
        if entry.value != body(life.name, written) or written % KEYS != key or written < number:
            problems.append(f"bucket: k{key} is {entry.value!r} at {entry.revision}, but {number} was acknowledged at {revision}")
        elif written == number and entry.revision != revision:
            problems.append(f"bucket: k{key} is at {entry.revision}, acknowledged at {revision}")


async def check_acknowledgements(js, life, problems):
    if not life.acknowledged:
        return
    floor = (await js.consumer_info(STREAM, DURABLE)).ack_floor.stream_seq
    confirmed = 0
    while confirmed + 1 in life.acknowledged:
        confirmed += 1
    if floor < confirmed:
        problems.append(f"consumer: the floor is {floor}, but everything up to {confirmed} was acknowledged")


def read_topic(server, topic, partition):
    """[(offset, value)] of a whole partition."""
    consumer = Consumer({"bootstrap.servers": server.kafka_address, "group.id": "checker", "enable.auto.commit": False, "logger": QUIET})
    where = TopicPartition(topic, partition, 0)
    _, end = consumer.get_watermark_offsets(where, timeout=DEADLINE_S)
    consumer.assign([where])
    records, deadline = [], time.monotonic() + DEADLINE_S
    while end > 0 and (not records or records[-1][0] < end - 1):
        assert time.monotonic() < deadline, f"{topic}-{partition}: {len(records)} records came, the end is {end}"
        batch = consumer.consume(1000, timeout=0.2)  # waits for as many as it was asked for, or that long
        records += [(message.offset(), message.value()) for message in batch]
    consumer.close()
    return records


def check_topic(server, life, problems):
    for partition in range(PARTITIONS):
        records = read_topic(server, TOPIC, partition)
        found = dict(records)
        for number, (where, offset) in life.acknowledged.items():
            if where == partition and found.get(offset) != body(life.name, number):
                problems.append(f"topic: {number}, acknowledged at {partition}:{offset}, is {found.get(offset)!r}")
        numbers_in_order(f"partition {partition}, offset", [life], records, problems)


def check_stream_as_topic(server, messages, problems):
    """One log: Kafka reads of the stream what JetStream reads."""
    if read_topic(server, STREAM, 0) != [(sequence - 1, data) for sequence, _, data in messages]:
        problems.append("the topic of the stream differs from the stream")


def check_offsets(server, life, problems):
    if not life.acknowledged:
        return
    consumer = Consumer({"bootstrap.servers": server.kafka_address, "group.id": GROUP, "logger": QUIET})
    found = consumer.committed([TopicPartition(TOPIC, 0)], timeout=DEADLINE_S)[0].offset
    consumer.close()
    if found < life.acknowledged[0]:
        problems.append(f"offsets: {found} is committed, but {life.acknowledged[0]} was confirmed")


async def check_all(server, lives, has_kafka):
    """The list of what is wrong."""
    problems = []
    client = await connect(server)
    js = client.jetstream()
    messages = await check_stream(js, lives, problems)
    await check_bucket(js, lives["put"], problems)
    if has_kafka:
        await check_acknowledgements(js, lives["acknowledge"], problems)
        await asyncio.to_thread(check_topic, server, lives["produce"], problems)
        await asyncio.to_thread(check_stream_as_topic, server, messages, problems)
        await asyncio.to_thread(check_offsets, server, lives["commit"], problems)
    await client.close()
    return problems
