# one-log.md, Names and Reading: sequence = offset + 1 for ever, and holes do not stop anybody.
import probes
import pytest
from confluent_kafka import KafkaError, TopicPartition
from kafka_clients import DEADLINE_S, consumer, create_topic, produce, read
from nats.js.api import AckPolicy, ConsumerConfig, RetentionPolicy
from nats_clients import connect
from one_log_clients import NoMessage, stored, stored_all

COUNT = 60


async def fill(js, stream, count=COUNT, **config):
    await js.add_stream(name=stream, subjects=["a.*"], **config)
    for i in range(count):
        await js.publish(f"a.{i % 3}", b"%d" % i)


async def test_sequence_is_offset_plus_one(server, nats_client, name):
    js = nats_client.jetstream()
    await fill(js, name, 10)
    assert produce(server, name, [(b"a.x", b"10"), (b"a.x", b"11")]) == [10, 11]
    assert (await js.publish("a.0", b"12")).seq == 13
    records = read(server, name, 13)
    assert [(m.offset() + 1, m.value()) for m in records] == [(m.sequence, m.data) for m in await stored_all(nats_client, name)]


@pytest.mark.parametrize("end", ["stop", "kill"])
async def test_numbers_go_on_after_a_purge_and_a_restart(server, name, end):
    client = await connect(server)
    await fill(client.jetstream(), name, 10)
    await client.jetstream().purge_stream(name)
    await client.close()
    getattr(server, end)()
    server.start()
    client = await connect(server)
    assert (await client.jetstream().publish("a.0", b"next")).seq == 11
    await client.close()
    assert produce(server, name, [(b"a.x", b"and then")]) == [11]
    assert [(m.offset(), m.value()) for m in read(server, name, 2, offset=10)] == [(10, b"next"), (11, b"and then")]


@pytest.mark.parametrize("end", ["stop", "kill"])
async def test_each_face_reads_after_a_restart_what_the_other_acknowledged(server, name, end):
    client = await connect(server)
    js = client.jetstream()
    await js.add_stream(name=name, subjects=["orders.>"])
    acks = [await js.publish(f"orders.{i % 7}", b"%d" % i) for i in range(500)]
    await client.close()
    assert [ack.seq for ack in acks] == list(range(1, 501))
    create_topic(server, name + "-k")
    offsets = produce(server, name + "-k", [(b"k", b"%d" % i) for i in range(500)])
    getattr(server, end)()
    server.start()
    records = read(server, name, 500)
    assert [r.offset() for r in records] == [ack.seq - 1 for ack in acks]
    assert [(r.key(), r.value()) for r in records] == [(b"orders.%d" % (i % 7), b"%d" % i) for i in range(500)]
    client = await connect(server)
    messages = await stored_all(client, name + "-k")
    assert [(m.sequence - 1, m.data) for m in messages] == [(offset, b"%d" % i) for i, offset in enumerate(offsets)]
    await client.close()


@pytest.mark.parametrize("end", ["stop", "kill"])
async def test_a_bucket_after_a_restart(server, name, end):
    client = await connect(server)
    bucket = await client.jetstream().create_key_value(bucket=name, history=5)
    await bucket.put("of-nats", b"1")
    await client.close()
    assert produce(server, f"KV_{name}", [(b"of-kafka", b"2"), (b"gone", b"3"), (b"gone", None)]) == [1, 2, 3]
    getattr(server, end)()
    server.start()
    client = await connect(server)
    bucket = await client.jetstream().key_value(name)
    assert [((await bucket.get(key)).value, (await bucket.get(key)).revision) for key in ("of-nats", "of-kafka")] == [(b"1", 1), (b"2", 2)]
    assert sorted(await bucket.keys()) == ["of-kafka", "of-nats"]
    await client.close()
    assert [(m.key(), m.value()) for m in read(server, f"KV_{name}", 4)] == [
        (b"of-nats", b"1"), (b"of-kafka", b"2"), (b"gone", b"3"), (b"gone", None)]


@pytest.mark.parametrize("end", ["stop", "kill"])
async def test_a_durable_consumer_of_each_partition_goes_on_after_a_restart(server, name, end):
    create_topic(server, name, partitions=2)
    streams = (name, f"{name}@1")
    for partition in range(2):
        assert len(produce(server, name, [(b"k", b"%d" % i) for i in range(4)], partition=partition)) == 4

    async def take_two():
        client = await connect(server)
        js = client.jetstream()
        for stream in streams:
            await js.add_consumer(stream, ConsumerConfig(durable_name="d", ack_policy=AckPolicy.EXPLICIT))
        taken = []
        for stream in streams:
            for message in await (await js.pull_subscribe_bind("d", stream)).fetch(2, timeout=10):
                await message.ack_sync()
                taken.append(message.data)
        await client.close()
        return taken

    assert await take_two() == [b"0", b"1"] * 2
    getattr(server, end)()
    server.start()
    assert await take_two() == [b"2", b"3"] * 2


def read_to_end(language, server, topic, isolation):
    """(values, position) of partition 0, by the client's own idea of its end."""
    if language != "librdkafka":
        *records, last = probes.kafka(language, "read", server.kafka_address, topic, 0, isolation, 0)
        return [int(record["value"]) for record in records], last["position"]
    reader = consumer(server, "reader", enable_partition_eof=True, isolation_level=isolation)
    reader.assign([TopicPartition(topic, 0, 0)])
    values = []
    while True:
        message = reader.poll(DEADLINE_S)
        assert message is not None, "neither a message nor the end came"
        if message.error():
            assert message.error().code() == KafkaError._PARTITION_EOF
            end = message.offset()
            reader.close()
            return values, end
        values.append(int(message.value()))


async def delete(js, stream, offsets):
    await fill(js, stream)
    for offset in offsets:
        await js.delete_msg(stream, offset + 1)


async def purge_a_subject(js, stream, offsets):
    await fill(js, stream)
    assert (await js.purge_stream(stream, subject="a.1")) is True


async def limit_a_subject(js, stream, offsets):
    await fill(js, stream, max_msgs_per_subject=2)


# How each log comes to its hole, and which offsets of the 60 are gone then.
HOLES = {
    "middle": (delete, range(20, 40)),
    "tail": (delete, range(40, COUNT)),
    "whole": (delete, range(COUNT)),
    "every other": (delete, range(0, COUNT, 2)),
    "purge of a subject": (purge_a_subject, range(1, COUNT, 3)),
    "limit of a subject": (limit_a_subject, range(COUNT - 6)),
}


@pytest.mark.parametrize("isolation", ["read_uncommitted", "read_committed"])
@pytest.mark.parametrize("erased", HOLES)
@pytest.mark.parametrize("language", ["librdkafka", "java", "franz-go"])
async def test_holes_do_not_stop_a_kafka_client(server, nats_client, name, language, erased, isolation):
    erase, gone = HOLES[erased]
    await erase(nats_client.jetstream(), name, gone)
    values, position = read_to_end(language, server, name, isolation)
    assert values == [i for i in range(COUNT) if i not in gone]
    assert position == COUNT


@pytest.mark.parametrize("language", ["librdkafka", "java", "franz-go"])
async def test_what_comes_after_a_hole_at_the_end_is_read(server, nats_client, name, language):
    js = nats_client.jetstream()
    await fill(js, name, 20)
    for i in range(10, 20):
        await js.delete_msg(name, i + 1)
    await js.publish("a.0", b"20")
    values, position = read_to_end(language, server, name, "read_uncommitted")
    assert (values, position) == ([*range(10), 20], 21)


async def test_a_work_queue_shows_what_is_left_and_loses_nothing_to_kafka(server, nats_client, name):
    js = nats_client.jetstream()
    await js.add_stream(name=name, subjects=["a"], retention=RetentionPolicy.WORK_QUEUE)
    for i in range(10):
        await js.publish("a", b"%d" % i)
    assert len(read(server, name, 10)) == 10
    assert (await js.stream_info(name)).state.messages == 10
    await js.add_consumer(name, ConsumerConfig(durable_name="d", ack_policy=AckPolicy.EXPLICIT))
    subscription = await js.pull_subscribe_bind("d", name)
    taken = []
    while len(taken) < 6:
        taken += await subscription.fetch(6 - len(taken), timeout=5)
    for message in taken:
        await message.ack_sync()
    reader = consumer(server, name)
    low, high = reader.get_watermark_offsets(TopicPartition(name, 0), timeout=DEADLINE_S)
    reader.close()
    assert (low, high) == (0, 10)  # the gap is a hole: log start moves only by purge, DeleteRecords or a dropped segment
    assert [m.value() for m in read(server, name, 4)] == [b"6", b"7", b"8", b"9"]


async def test_a_purge_moves_log_start(server, nats_client, name):
    js = nats_client.jetstream()
    await fill(js, name, 10)
    await js.purge_stream(name, seq=5)
    reader = consumer(server, name)
    assert reader.get_watermark_offsets(TopicPartition(name, 0), timeout=DEADLINE_S) == (4, 10)
    reader.close()
    assert (await js.stream_info(name)).state.first_seq == 5
    with pytest.raises(NoMessage):
        await stored(nats_client, name, 4)


async def test_a_limit_leaves_a_hole(server, nats_client, name):
    js = nats_client.jetstream()
    await js.add_stream(name=name, subjects=["a"], max_msgs=5)
    for i in range(12):
        await js.publish("a", b"%d" % i)
    assert [m.value() for m in read(server, name, 5)] == [b"%d" % i for i in range(7, 12)]
    assert [m.sequence for m in await stored_all(nats_client, name)] == list(range(8, 13))
