# one-log.md, Subject and key: what the key of a record is as a subject, and the other way round.
import pytest
from kafka_clients import DEADLINE_S, create_topic, produce, producer, read, refusal
from one_log_clients import stored


async def test_the_subject_is_the_key(server, nats_client, name):
    js = nats_client.jetstream()
    await js.add_stream(name=name, subjects=["orders.>"])
    for subject in ("orders.eu.1", "orders.us", "orders.eu.1"):
        await js.publish(subject, subject.encode())
    assert [(m.key(), m.value()) for m in read(server, name, 3)] == [
        (s.encode(), s.encode()) for s in ("orders.eu.1", "orders.us", "orders.eu.1")
    ]


async def test_the_key_of_a_bucket_is_the_key(server, nats_client, name):
    bucket = await nats_client.jetstream().create_key_value(bucket=name)
    await bucket.put("color", b"red")
    await bucket.put("a.b", b"deep")
    assert [(m.key(), m.value()) for m in read(server, f"KV_{name}", 2)] == [(b"color", b"red"), (b"a.b", b"deep")]


async def test_a_record_into_a_bucket(server, nats_client, name):
    bucket = await nats_client.jetstream().create_key_value(bucket=name)
    assert produce(server, f"KV_{name}", [(b"color", b"blue")]) == [0]
    entry = await bucket.get("color")
    assert (entry.value, entry.revision) == (b"blue", 1)
    assert (await stored(nats_client, f"KV_{name}", 1)).subject == f"$KV.{name}.color"


async def test_a_record_into_a_stream_is_published_to_its_key(server, nats_client, name):
    await nats_client.jetstream().add_stream(name=name, subjects=["orders.>"])
    assert produce(server, name, [(b"orders.eu.1", b"v")]) == [0]
    message = await stored(nats_client, name, 1)
    assert (message.subject, message.data) == ("orders.eu.1", b"v")
    assert read(server, name, 1)[0].key() == b"orders.eu.1"


@pytest.mark.parametrize("key", [b"other.x", b"orders", b"orders..x", b"orders.*", b"orders.a b", b"\xff\xfe", b""])
async def test_a_key_outside_the_streams_subjects_is_refused(server, nats_client, name, key):
    await nats_client.jetstream().add_stream(name=name, subjects=["orders.>"])
    assert refusal(server, name, key, b"v") == "INVALID_RECORD"
    assert (await nats_client.jetstream().stream_info(name)).state.messages == 0


async def test_a_null_key_needs_one_literal_subject(server, nats_client, name):
    js = nats_client.jetstream()
    await js.add_stream(name=name, subjects=["solo.subject"])
    await js.add_stream(name=name + "-wide", subjects=["wide.>"])
    assert refusal(server, name, None, b"v") is None
    assert (await stored(nats_client, name, 1)).subject == "solo.subject"
    assert read(server, name, 1)[0].key() is None
    assert refusal(server, name + "-wide", None, b"v") == "INVALID_RECORD"


async def test_a_topic_that_kafka_made_takes_any_key(server, nats_client, name):
    create_topic(server, name)
    keys = [b"orders.eu", b"with space", b"\xff\x00", b"", None]
    produce(server, name, [(key, b"v") for key in keys])
    assert [m.key() for m in read(server, name, len(keys))] == keys
    assert {(await stored(nats_client, name, i + 1)).subject for i in range(len(keys))} == {name}


async def test_the_subject_template_of_a_topic(server, nats_client, name):
    create_topic(server, name, nats_subject="{topic}.{key}")
    keys = [b"a", b"a.b", b"a b", b"100%", b"", None, b"*", b"a..b"]
    produce(server, name, [(key, b"v") for key in keys])
    subjects = [(await stored(nats_client, name, i + 1)).subject for i in range(len(keys))]
    assert subjects[:2] == [f"{name}.a", f"{name}.a.b"]
    assert subjects[2:4] == [f"{name}.a%20b", f"{name}.100%25"]
    assert len(set(subjects)) == len(keys)  # each is encoded distinctly
    for subject in subjects:
        tokens = subject.split(".")
        assert all(tokens) and not any(c in subject for c in "*> \t\r\n"), subject


async def test_the_partition_in_a_subject_template(server, nats_client, name):
    create_topic(server, name, partitions=2, nats_subject="{topic}.{partition}")
    client = producer(server)
    client.produce(name, b"v", b"k", partition=1)
    assert client.flush(DEADLINE_S) == 0
    assert (await stored(nats_client, f"{name}@1", 1)).subject == f"{name}.1"


def murmur2(data):
    """The hash of Kafka's default partitioner."""
    m, mask, h = 0x5BD1E995, 0xFFFFFFFF, 0x9747B28C ^ len(data)
    whole = len(data) // 4 * 4
    for i in range(0, whole, 4):
        k = int.from_bytes(data[i:i + 4], "little") * m & mask
        k = (k ^ k >> 24) * m & mask
        h = h * m & mask ^ k
    rest = data[whole:]
    if rest:
        h = (h ^ int.from_bytes(rest, "little")) * m & mask
    h = (h ^ h >> 13) * m & mask
    return h ^ h >> 15


async def test_a_topic_captures_the_subjects_that_it_names(server, nats_client, name):
    create_topic(server, name, nats_subjects="service.>")
    ack = await nats_client.jetstream().publish("service.call", b"v", headers={"H": "1"})
    assert (ack.stream, ack.seq) == (name, 1)
    message = read(server, name, 1)[0]
    assert (message.key(), message.value(), message.headers()) == (b"service.call", b"v", [("H", b"1")])


async def test_capture_chooses_the_partition_as_kafka_would(server, nats_client, name):
    create_topic(server, name, partitions=4, nats_subjects="service.>")
    for i in range(20):
        subject = f"service.{i}"
        partition = (murmur2(subject.encode()) & 0x7FFFFFFF) % 4
        ack = await nats_client.jetstream().publish(subject, b"v")
        assert ack.stream in ({name, f"{name}@0"} if partition == 0 else {f"{name}@{partition}"}), subject


async def test_a_topic_without_subjects_captures_nothing(server, nats_client, name):
    create_topic(server, name)
    await nats_client.publish(name, b"core only")
    await nats_client.publish(f"{name}.x", b"core only")
    await nats_client.flush()
    assert (await nats_client.jetstream().stream_info(name)).state.messages == 0
