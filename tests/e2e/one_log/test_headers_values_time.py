# one-log.md, Headers, values, time: they arrive as they were sent, in both directions.
import base64

import pytest
from confluent_kafka import TopicPartition
from kafka_clients import DEADLINE_S, consumer, create_topic, produce, producer, read
from nats.js.api import AckPolicy, ConsumerConfig, DeliverPolicy
from nats.js.errors import KeyNotFoundError
from one_log_clients import api, stored


@pytest.fixture
async def stream(nats_client, name):
    await nats_client.jetstream().add_stream(name=name, subjects=["a.*"])
    return name


def produce_one(server, topic, value, key=None, headers=None, **more):
    client = producer(server)
    client.produce(topic, value, key, headers=headers, **more)
    assert client.flush(DEADLINE_S) == 0


async def publish_block(nats_client, block):
    """Stores a message with exactly that header block, which client libraries would not send."""
    inbox = nats_client.new_inbox()
    acknowledgements = await nats_client.subscribe(inbox)
    await nats_client.flush()
    nats_client._transport.write(b"HPUB a.x %s %d %d\r\n%sbody\r\n" % (inbox.encode(), len(block), len(block) + 4, block))
    await acknowledgements.next_msg(timeout=10)


async def test_headers_of_nats_are_headers_of_kafka(server, nats_client, stream):
    await publish_block(nats_client, b"NATS/1.0\r\nA: 1\r\nB: two words\r\nA: 3\r\nempty: \r\n\r\n")
    message = read(server, stream, 1)[0]
    assert message.value() == b"body"
    assert message.headers() == [("A", b"1"), ("B", b"two words"), ("A", b"3"), ("empty", b"")]


async def test_an_unusual_block_of_nats_comes_back_to_nats(server, nats_client, stream):
    block = b"NATS/1.0 100 Idle\r\nA:1\r\nB:  two\r\n\r\n"
    await publish_block(nats_client, block)
    answer = await api(nats_client, f"STREAM.MSG.GET.{stream}", {"seq": 1})
    assert base64.b64decode(answer["message"]["hdrs"]) == block
    assert read(server, stream, 1)[0].headers() == [("A", b"1"), ("B", b"two"), ("Firth-Block", block)]


async def test_headers_of_kafka_are_headers_of_nats(server, nats_client, stream):
    headers = [("A", b"1"), ("B", b"two words"), ("A", b"3"), ("C", b"")]
    produce_one(server, stream, b"v", b"a.x", headers)
    assert (await stored(nats_client, stream, 1)).headers == [("A", "1"), ("B", "two words"), ("A", "3"), ("C", "")]


async def test_what_a_nats_header_cannot_hold_comes_back_to_kafka(server, nats_client, stream):
    headers = [("plain", b"1"), ("null", None), ("with:colon", b"x"), ("line", b"a\r\nb"), ("bytes", b"\xff\x00"), ("", b"nameless"), ("space ", b" x ")]
    produce_one(server, stream, b"v", b"a.x", headers)
    assert read(server, stream, 1)[0].headers() == headers
    message = await stored(nats_client, stream, 1)
    assert ("plain", "1") in message.headers
    assert message.data == b"v"


async def test_nats_headers_from_kafka_are_no_commands(server, nats_client, stream):
    js = nats_client.jetstream()
    await js.publish("a.x", b"1")
    produce_one(server, stream, b"2", b"a.x", [("Nats-Rollup", b"all"), ("Nats-Expected-Last-Sequence", b"99"), ("Nats-Msg-Id", b"m"), ("Nats-TTL", b"1s")])
    produce_one(server, stream, b"3", b"a.x", [("Nats-Msg-Id", b"m")])
    assert [m.value() for m in read(server, stream, 3)] == [b"1", b"2", b"3"]
    assert (await js.stream_info(stream)).state.messages == 3


async def test_an_empty_payload_is_an_empty_value(server, nats_client, stream):
    await nats_client.jetstream().publish("a.x", b"")
    assert read(server, stream, 1)[0].value() == b""


async def test_a_null_value_in_a_stream_is_empty_and_marked(server, nats_client, stream):
    produce(server, stream, [(b"a.x", None), (b"a.x", b"")])
    null, empty = await stored(nats_client, stream, 1), await stored(nats_client, stream, 2)
    assert (null.data, empty.data) == (b"", b"")
    assert null.headers != [] and empty.headers == []
    assert [m.value() for m in read(server, stream, 2)] == [None, b""]


async def test_a_null_value_goes_back_to_kafka_as_it_was(server, nats_client, stream):
    produce_one(server, stream, None, b"a.x", [("A", b"1")])
    null = await stored(nats_client, stream, 1)
    await nats_client.jetstream().publish(null.subject, null.data, headers=dict(null.headers))
    assert [(m.value(), m.headers()) for m in read(server, stream, 2)] == [(None, [("A", b"1")])] * 2


async def test_a_null_value_in_a_bucket_is_a_delete(server, nats_client, name):
    bucket = await nats_client.jetstream().create_key_value(bucket=name, history=5)
    await bucket.put("k", b"v")
    produce(server, f"KV_{name}", [(b"k", None)])
    with pytest.raises(KeyNotFoundError):
        await bucket.get("k")
    assert [entry.operation for entry in await bucket.history("k")] == [None, "DEL"]


async def test_a_deleted_key_is_a_tombstone(server, nats_client, name):
    bucket = await nats_client.jetstream().create_key_value(bucket=name, history=5)
    await bucket.put("k", b"v")
    await bucket.delete("k")
    message = read(server, f"KV_{name}", 2)[1]
    assert (message.key(), message.value()) == (b"k", None)
    assert ("KV-Operation", b"DEL") in message.headers()


async def test_a_purged_key_is_a_tombstone_that_says_so(server, nats_client, name):
    bucket = await nats_client.jetstream().create_key_value(bucket=name, history=5)
    await bucket.put("k", b"v")
    await bucket.purge("k")
    message = read(server, f"KV_{name}", 1, offset=1)[0]
    assert (message.offset(), message.key(), message.value()) == (1, b"k", None)
    assert ("KV-Operation", b"PURGE") in message.headers()


@pytest.mark.parametrize("codec", ["none", "gzip", "snappy", "lz4", "zstd"])
async def test_compressed_batches_are_messages(server, nats_client, stream, codec):
    produce(server, stream, [(b"a.x", b"value %d" % i) for i in range(200)], compression_type=codec, linger_ms=50)
    js = nats_client.jetstream()
    info = await js.add_consumer(stream, ConsumerConfig(ack_policy=AckPolicy.NONE, inactive_threshold=30))
    subscription = await js.pull_subscribe_bind(info.name, stream)
    got = []
    while len(got) < 200:
        got += await subscription.fetch(200 - len(got), timeout=10)
    assert [(m.subject, m.data) for m in got] == [("a.x", b"value %d" % i) for i in range(200)]
    assert [m.value() for m in read(server, stream, 200)] == [b"value %d" % i for i in range(200)]


async def test_kafka_sees_the_milliseconds_of_the_nanoseconds(server, nats_client, stream):
    for _ in range(10):
        await nats_client.jetstream().publish("a.x", b"")
    messages = read(server, stream, 10)
    for i, message in enumerate(messages):
        assert message.timestamp() == (2, (await stored(nats_client, stream, i + 1)).nanoseconds // 1_000_000)


async def test_nats_sees_the_time_that_a_producer_gave(server, nats_client, name):
    create_topic(server, name)
    produce_one(server, name, b"v", timestamp=1_600_000_000_123)
    assert (await stored(nats_client, name, 1)).nanoseconds == 1_600_000_000_123_000_000


async def test_a_stream_stamps_what_kafka_brings(server, nats_client, stream):
    produce_one(server, stream, b"v", b"a.x", timestamp=1_000_000_000_000)
    kind, when = read(server, stream, 1)[0].timestamp()
    assert (kind, when > 1_700_000_000_000) == (2, True)
    assert (await stored(nats_client, stream, 1)).nanoseconds // 1_000_000 == when


async def test_start_by_time_loses_nothing_of_the_same_millisecond(server, nats_client, stream):
    js = nats_client.jetstream()
    for i in range(20):
        await js.publish("a.x", b"%d" % i)
    messages = [await stored(nats_client, stream, i + 1) for i in range(20)]
    for message in messages:
        config = {"ack_policy": "none", "deliver_policy": "by_start_time", "opt_start_time": message.time, "inactive_threshold": 10**9}
        info = await api(nats_client, f"CONSUMER.CREATE.{stream}", {"stream_name": stream, "config": config})
        assert info["num_pending"] == sum(other.nanoseconds >= message.nanoseconds for other in messages)


async def test_seek_by_time_finds_what_nats_wrote(server, nats_client, stream):
    js = nats_client.jetstream()
    await js.publish("a.x", b"1")
    await js.publish("a.x", b"2")
    second = (await stored(nats_client, stream, 2)).nanoseconds // 1_000_000
    reader = consumer(server, stream)
    found = reader.offsets_for_times([TopicPartition(stream, 0, second)], timeout=DEADLINE_S)[0].offset
    reader.close()
    assert found in (0, 1)  # 0 if both have that millisecond
    first = (await stored(nats_client, stream, 1)).nanoseconds // 1_000_000
    assert found == (0 if first == second else 1)


async def test_delivery_by_last_per_subject_sees_what_kafka_wrote(server, nats_client, stream):
    produce(server, stream, [(b"a.x", b"1"), (b"a.y", b"2"), (b"a.x", b"3")])
    js = nats_client.jetstream()
    info = await js.add_consumer(stream, ConsumerConfig(deliver_policy=DeliverPolicy.LAST_PER_SUBJECT, filter_subject="a.*", durable_name="d"))
    assert info.num_pending == 2
