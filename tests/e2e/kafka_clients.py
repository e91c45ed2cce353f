# Short ways to do with confluent-kafka (librdkafka) what the tests do all the time. Every wait has a deadline.
import time

from confluent_kafka import Consumer, Producer, TopicPartition
from confluent_kafka.admin import AdminClient, NewTopic

DEADLINE_S = 30


def admin_client(server):
    return AdminClient({"bootstrap.servers": server.kafka_address})


def create_topic(server, topic, partitions=1, **config):
    """Creates it, and returns when a client would find a leader for every partition."""
    client = admin_client(server)
    client.create_topics([NewTopic(topic, partitions, 1, config={k.replace("_", "."): v for k, v in config.items()})])[topic].result(DEADLINE_S)
    end = time.monotonic() + DEADLINE_S
    while True:
        found = client.list_topics(topic, timeout=DEADLINE_S).topics[topic]
        if len(found.partitions) == partitions and all(p.leader >= 0 for p in found.partitions.values()):
            return
        assert time.monotonic() < end, f"no leader for {topic}"


def producer(server, **options):
    return Producer({"bootstrap.servers": server.kafka_address, "linger.ms": 5, **{k.replace("_", "."): v for k, v in options.items()}})


class Deliveries:
    """Collects delivery reports: (error, partition, offset) in the order in which they came."""

    def __init__(self):
        self.reports = []

    def __call__(self, error, message):
        self.reports.append((error, message.partition(), message.offset()))

    def offsets(self):
        assert [r for r in self.reports if r[0] is not None] == []
        return [offset for _, _, offset in self.reports]


def produce(server, topic, records, partition=0, **options):
    """Produces (key, value) pairs to one partition and returns their offsets."""
    client, deliveries = producer(server, **options), Deliveries()
    for key, value in records:
        client.produce(topic, value, key, partition=partition, on_delivery=deliveries)
    assert client.flush(DEADLINE_S) == 0
    return deliveries.offsets()


def refusal(server, topic, key, value):
    """The name of the error that a producer gets for that record; None: it is stored."""
    client, deliveries = producer(server), Deliveries()
    client.produce(topic, value, key, on_delivery=deliveries)
    client.flush(DEADLINE_S)
    assert len(deliveries.reports) == 1
    error = deliveries.reports[0][0]
    return error.name() if error else None


def consumer(server, group, **options):
    return Consumer({
        "bootstrap.servers": server.kafka_address, "group.id": group, "auto.offset.reset": "earliest", "enable.auto.commit": False,
        "session.timeout.ms": 6000, **{k.replace("_", "."): v for k, v in options.items()},
    })


def take(client, count):
    """The next count messages; fails if they do not come."""
    messages, end = [], time.monotonic() + DEADLINE_S
    while len(messages) < count:
        assert time.monotonic() < end, f"{len(messages)} of {count} messages came"
        messages += client.consume(count - len(messages), timeout=0.2)
    errors = [m.error() for m in messages if m.error()]
    assert errors == []
    return messages


def read(server, topic, count, partition=0, offset=0, **options):
    """Count messages of one partition from that offset on, by a consumer without a group."""
    client = consumer(server, "reader-of-" + topic, **options)
    client.assign([TopicPartition(topic, partition, offset)])
    try:
        return take(client, count)
    finally:
        client.close()
