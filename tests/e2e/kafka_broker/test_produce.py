# Producing and reading back with librdkafka: keys, values, headers, times, codecs, acknowledgement levels, idempotence.
import pytest
from confluent_kafka import OFFSET_END, KafkaException, TopicPartition
from kafka_clients import DEADLINE_S, Deliveries, consumer, create_topic, produce, producer, read, take

pytestmark = pytest.mark.both("kafka")


def test_every_record_comes_back_at_its_offset(server, name):
    create_topic(server, name)
    records = [(b"key%d" % (i % 7), b"value %d" % i) for i in range(5000)]
    assert produce(server, name, records) == list(range(5000))
    messages = read(server, name, 5000)
    assert [m.offset() for m in messages] == list(range(5000))
    assert [(m.key(), m.value()) for m in messages] == records


def test_null_and_empty_are_two_things(server, name):
    create_topic(server, name)
    records = [(None, b"v"), (b"", b"v"), (b"k", None), (b"k", b""), (None, None), (b"", b"")]
    produce(server, name, records)
    assert [(m.key(), m.value()) for m in read(server, name, 6)] == records


def test_headers_keep_order_duplicates_and_nulls(server, name):
    create_topic(server, name)
    headers = [("a", b"1"), ("b", b""), ("a", b"2"), ("c", None), ("\u00fc", bytes(range(256)))]
    client, deliveries = producer(server), Deliveries()
    client.produce(name, b"v", headers=headers, on_delivery=deliveries)
    assert client.flush(DEADLINE_S) == 0
    assert deliveries.offsets() == [0]
    assert read(server, name, 1)[0].headers() == headers


def test_the_producers_time_is_kept(server, name):
    create_topic(server, name)
    client = producer(server)
    times = [1_000_000_000_000, 1_600_000_000_123, 1_500_000_000_000]
    for when in times:
        client.produce(name, b"v", timestamp=when)
    assert client.flush(DEADLINE_S) == 0
    assert [m.timestamp() for m in read(server, name, 3)] == [(1, when) for when in times]


def test_the_time_of_appending(server, name):
    create_topic(server, name, message_timestamp_type="LogAppendTime")
    client = producer(server)
    client.produce(name, b"v", timestamp=1_000_000_000_000)
    assert client.flush(DEADLINE_S) == 0
    kind, when = read(server, name, 1)[0].timestamp()
    assert kind == 2
    assert when > 1_700_000_000_000


@pytest.mark.parametrize("codec", ["none", "gzip", "snappy", "lz4", "zstd"])
def test_codecs(server, name, codec):
    create_topic(server, name)
    records = [(b"k", b"the same words again and again %d" % i) for i in range(2000)]
    assert produce(server, name, records, compression_type=codec) == list(range(2000))
    assert [(m.key(), m.value()) for m in read(server, name, 2000)] == records


@pytest.mark.parametrize("acks", ["0", "1", "all"])
def test_acknowledgement_levels(server, name, acks):
    create_topic(server, name)
    produce(server, name, [(None, b"%d" % i) for i in range(100)], acks=acks)
    assert [m.value() for m in read(server, name, 100)] == [b"%d" % i for i in range(100)]


def test_an_idempotent_producer_writes_each_record_once_in_order(server, name):
    create_topic(server, name)
    options = {"enable_idempotence": True, "linger_ms": 0, "batch_num_messages": 10}
    assert produce(server, name, [(None, b"%d" % i) for i in range(3000)], **options) == list(range(3000))
    assert [m.value() for m in read(server, name, 3000)] == [b"%d" % i for i in range(3000)]


def test_several_partitions_keep_their_own_offsets(server, name):
    create_topic(server, name, partitions=4)
    client, deliveries = producer(server), Deliveries()
    for i in range(400):
        client.produce(name, b"%d" % i, partition=i % 4, on_delivery=deliveries)
    assert client.flush(DEADLINE_S) == 0
    deliveries.offsets()
    for partition in range(4):
        messages = read(server, name, 100, partition=partition)
        assert [int(m.value()) for m in messages] == list(range(partition, 400, 4))
        assert [m.offset() for m in messages] == list(range(100))


def test_large_records(server, name):
    create_topic(server, name)
    big = bytes(range(256)) * 3800  # 972,800 bytes: the default limit is 1,048,588
    produce(server, name, [(b"k", big), (b"k", b"small")])
    assert [m.value() for m in read(server, name, 2)] == [big, b"small"]


def test_a_batch_above_the_topics_limit_is_refused(server, name):
    create_topic(server, name, max_message_bytes="2000")
    client, deliveries = producer(server), Deliveries()
    client.produce(name, b"x" * 3000, on_delivery=deliveries)
    client.flush(DEADLINE_S)
    assert [error.name() for error, _, _ in deliveries.reports] == ["MSG_SIZE_TOO_LARGE"]
    produce(server, name, [(None, b"fits")])
    assert read(server, name, 1)[0].value() == b"fits"


def test_a_topic_is_made_by_producing_to_it(server, name):
    assert produce(server, name, [(b"k", b"v")]) == [0]
    assert read(server, name, 1)[0].value() == b"v"


def test_reading_waits_at_the_end_for_what_comes(server, name):
    create_topic(server, name)
    produce(server, name, [(None, b"old")])
    client = consumer(server, name)
    client.assign([TopicPartition(name, 0, OFFSET_END)])
    assert client.consume(1, timeout=0.5) == []
    produce(server, name, [(None, b"new")])
    assert take(client, 1)[0].value() == b"new"
    client.close()


def test_an_offset_outside_resets_as_asked(server, name):
    create_topic(server, name)
    produce(server, name, [(None, b"%d" % i) for i in range(3)])
    client = consumer(server, name, auto_offset_reset="error")
    client.assign([TopicPartition(name, 0, 100)])
    message = None
    for _ in range(100):
        message = client.poll(0.3)
        if message is not None:
            break
    assert message.error().name() == "_AUTO_OFFSET_RESET"
    client.close()
    assert read(server, name, 3, offset=100)[0].value() == b"0"


def test_bounds_and_times(server, name):
    create_topic(server, name)
    client = producer(server)
    for i in range(10):
        client.produce(name, b"%d" % i, timestamp=1_000_000_000_000 + 1000 * i)
        assert client.flush(DEADLINE_S) == 0
    reader = consumer(server, name)
    assert reader.get_watermark_offsets(TopicPartition(name, 0), timeout=DEADLINE_S) == (0, 10)

    def first_at(when):
        return reader.offsets_for_times([TopicPartition(name, 0, when)], timeout=DEADLINE_S)[0].offset

    assert first_at(0) == 0
    assert first_at(1_000_000_003_000) == 3
    assert first_at(1_000_000_003_001) == 4
    assert first_at(1_000_000_009_001) == OFFSET_END
    reader.close()


def test_unknown_topic_without_creation(server, name):
    reader = consumer(server, name)
    with pytest.raises(KafkaException) as caught:
        reader.get_watermark_offsets(TopicPartition(name + "-nothing", 0), timeout=DEADLINE_S)
    assert caught.value.args[0].name() in ("UNKNOWN_TOPIC_OR_PART", "_UNKNOWN_PARTITION", "_UNKNOWN_TOPIC")
    reader.close()
