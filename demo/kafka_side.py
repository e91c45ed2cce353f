"""The Kafka clients of the demo (confluent-kafka): one turns the stream of flights into running totals, a group of two reads those."""

import threading
from collections import Counter

from confluent_kafka import Consumer, Producer
from confluent_kafka.admin import AdminClient, NewTopic

FLIGHTS = "flights"  # the stream that NATS publishes into: the same thing by another name
TOTALS = "totals"
PARTITIONS = 4
MEMBERS = 2
BATCH = 1000
POLL_S = 0.2
DEADLINE_S = 30


def prepare(address):
    """The topic whose records NATS subscribers hear live."""
    topic = NewTopic(TOTALS, PARTITIONS, 1, config={"nats.deliver": "true", "nats.subject": "{topic}.{key}"})
    admin = AdminClient({"bootstrap.servers": address})
    admin.create_topics([topic])[TOTALS].result(DEADLINE_S)


def consumer(address, group):
    return Consumer({"bootstrap.servers": address, "group.id": group, "auto.offset.reset": "earliest", "enable.auto.commit": False,
                     "session.timeout.ms": 10000})


def values(messages):
    """(key, value) of each message; an error of the client ends the demo."""
    for message in messages:
        if message.error():
            raise RuntimeError(str(message.error()))
        yield message.key().decode(), message.value()


def keep_totals(address, group, count, progress, name):
    """Reads every flight and produces the new total of each carrier that a batch changed. The position is committed once they are on disk."""
    flights = consumer(address, group)
    flights.subscribe([FLIGHTS])
    producer = Producer({"bootstrap.servers": address, "enable.idempotence": True, "linger.ms": 5})
    totals = Counter()
    while (seen := totals.total()) < count and not progress.stop.is_set():
        batch = [key.split(".")[2] for key, _ in values(flights.consume(min(BATCH, count - seen), timeout=POLL_S))]
        totals.update(batch)
        for carrier in set(batch):
            producer.produce(TOTALS, str(totals[carrier]), carrier)
        if producer.flush(DEADLINE_S) != 0:
            raise TimeoutError("the totals are not acknowledged")
        if batch:
            flights.commit(asynchronous=False)
        progress.reached(name, totals.total())
    flights.close()
    return totals


class Group:
    """Two consumers that share the four partitions of the totals, each in a thread of its own."""

    def __init__(self, address, group, count, progress, name):
        self.address, self.group, self.count, self.progress, self.name = address, group, count, progress, name
        self.latest = {}
        self.shares = [set() for _ in range(MEMBERS)]  # the partitions of each member
        self.shared = threading.Event()                # each has its half

    def run_member(self, index):
        def on_assign(_, partitions):
            self.shares[index] = {partition.partition for partition in partitions}
            if all(len(share) == PARTITIONS // MEMBERS for share in self.shares):
                self.shared.set()

        member = consumer(self.address, self.group)
        member.subscribe([TOTALS], on_assign=on_assign)
        while not self.is_done() and not self.progress.stop.is_set():
            for carrier, total in values(member.consume(BATCH, timeout=POLL_S)):
                self.latest[carrier] = int(total)  # all totals of a carrier are in one partition, so in order
            self.progress.reached(self.name, self.total())
        member.close()

    def total(self):
        return sum(list(self.latest.values()))

    def is_done(self):
        return self.total() >= self.count and self.shared.is_set()
