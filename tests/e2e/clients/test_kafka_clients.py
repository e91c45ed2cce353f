# The Java client and franz-go, which behave differently from librdkafka: they produce, read and share groups like it.
import probes
import pytest
from kafka_clients import create_topic, produce, read

pytestmark = [pytest.mark.both("kafka"), pytest.mark.parametrize("language", ["java", "franz-go"])]


@pytest.mark.parametrize("isolation", ["read_uncommitted", "read_committed"])
def test_reads_to_the_end(server, name, language, isolation):
    create_topic(server, name)
    produce(server, name, [(b"key-%d" % i, b"value-%d" % i) for i in range(500)])
    *records, last = probes.kafka(language, "read", server.kafka_address, name, 0, isolation, 0)
    assert last == {"position": 500}
    assert [(r["offset"], r["key"], r["value"]) for r in records] == [(i, f"key-{i}", f"value-{i}") for i in range(500)]


def test_an_empty_partition(server, name, language):
    create_topic(server, name)
    assert probes.kafka(language, "read", server.kafka_address, name, 0, "read_committed", 0) == [{"position": 0}]


@pytest.mark.parametrize("codec", ["none", "gzip", "snappy", "lz4", "zstd"])
def test_what_it_produces_librdkafka_reads(server, name, language, codec):
    create_topic(server, name)
    stored = probes.kafka(language, "produce", server.kafka_address, name, 300, codec)
    assert [r["offset"] for r in stored] == list(range(300))
    assert [(m.key(), m.value()) for m in read(server, name, 300)] == [(b"key-%d" % i, b"value-%d" % i) for i in range(300)]


def test_a_group_goes_on_where_it_committed(server, name, language):
    create_topic(server, name, partitions=2)
    probes.kafka(language, "produce", server.kafka_address, name, 100, "none")
    first = probes.kafka(language, "group", server.kafka_address, name, name, 100)
    probes.kafka(language, "produce", server.kafka_address, name, 50, "none")
    second = probes.kafka(language, "group", server.kafka_address, name, name, 50)
    assert (len(first), len(second)) == (100, 50)
    assert len({(r["partition"], r["offset"]) for r in first + second}) == 150
