# Consumer groups with librdkafka: who gets what, what a commit remembers, what a restart forgets (nothing).
import time

import pytest
from confluent_kafka import TopicPartition
from kafka_clients import DEADLINE_S, consumer, create_topic, produce, producer, take

pytestmark = pytest.mark.both("kafka")


def poll_until(clients, condition, what):
    """Polls every consumer in turn (which is how they take part in a rebalance) until the condition holds."""
    got, end = {client: [] for client in clients}, time.monotonic() + DEADLINE_S
    while not condition(got):
        assert time.monotonic() < end, what
        for client in clients:
            message = client.poll(0.02)
            if message is not None:
                assert message.error() is None
                got[client].append(message)
    return got


def test_one_member_gets_every_partition(server, name):
    create_topic(server, name, partitions=3)
    client = producer(server)
    for i in range(300):
        client.produce(name, b"%d" % i, partition=i % 3)
    assert client.flush(DEADLINE_S) == 0
    member = consumer(server, name)
    member.subscribe([name])
    assert sorted(int(m.value()) for m in take(member, 300)) == list(range(300))
    assert sorted(p.partition for p in member.assignment()) == [0, 1, 2]
    member.close()


@pytest.mark.parametrize("strategy", ["range", "roundrobin", "cooperative-sticky"])
def test_two_members_share_the_partitions(server, name, strategy):
    create_topic(server, name, partitions=4)
    members = [consumer(server, name, partition_assignment_strategy=strategy) for _ in range(2)]
    for member in members:
        member.subscribe([name])
    poll_until(members, lambda _: all(len(m.assignment()) == 2 for m in members), "two partitions each")
    client = producer(server)
    for i in range(400):
        client.produce(name, b"%d" % i, partition=i % 4)
    assert client.flush(DEADLINE_S) == 0
    got = poll_until(members, lambda got: sum(map(len, got.values())) >= 400, "400 messages")
    assert [len(messages) for messages in got.values()] == [200, 200]
    assert sorted(int(m.value()) for messages in got.values() for m in messages) == list(range(400))
    for member in members:
        member.close()


def test_a_member_that_leaves_hands_its_partitions_over(server, name):
    create_topic(server, name, partitions=2)
    first, second = consumer(server, name), consumer(server, name)
    for member in (first, second):
        member.subscribe([name])
    poll_until([first, second], lambda _: len(first.assignment()) == len(second.assignment()) == 1, "one partition each")
    second.close()
    poll_until([first], lambda _: len(first.assignment()) == 2, "both partitions")
    first.close()


def test_a_commit_is_where_the_next_member_starts(server, name):
    create_topic(server, name)
    produce(server, name, [(None, b"%d" % i) for i in range(10)])
    first = consumer(server, name)
    first.subscribe([name])
    messages = take(first, 4)
    first.commit(message=messages[-1], asynchronous=False)
    first.close()
    second = consumer(server, name)
    second.subscribe([name])
    assert [int(m.value()) for m in take(second, 6)] == [4, 5, 6, 7, 8, 9]
    second.close()


def test_commits_of_several_partitions_with_metadata(server, name):
    create_topic(server, name, partitions=3)
    member = consumer(server, name)
    offsets = [TopicPartition(name, p, 10 + p, metadata=f"note {p}") for p in range(2)]
    member.commit(offsets=offsets, asynchronous=False)
    found = member.committed([TopicPartition(name, p) for p in range(3)], timeout=DEADLINE_S)
    assert [(p.offset, p.metadata) for p in found[:2]] == [(10, "note 0"), (11, "note 1")]
    assert found[2].offset == -1001  # nothing committed
    member.close()


def test_groups_do_not_disturb_each_other(server, name):
    create_topic(server, name)
    produce(server, name, [(None, b"%d" % i) for i in range(5)])
    for group in (name + "-a", name + "-b"):
        member = consumer(server, group)
        member.subscribe([name])
        messages = take(member, 5)
        member.commit(message=messages[-1], asynchronous=False)
        member.close()


def test_pause_seek_resume(server, name):
    create_topic(server, name)
    produce(server, name, [(None, b"%d" % i) for i in range(10)])
    reader = consumer(server, name)
    where = TopicPartition(name, 0, 0)
    reader.assign([where])
    take(reader, 10)
    reader.seek(TopicPartition(name, 0, 7))
    assert [int(m.value()) for m in take(reader, 3)] == [7, 8, 9]
    reader.close()


def test_commits_survive_a_kill(server, name):
    create_topic(server, name)
    produce(server, name, [(None, b"%d" % i) for i in range(10)])
    member = consumer(server, name)
    member.commit(offsets=[TopicPartition(name, 0, 6)], asynchronous=False)
    member.close()
    server.kill()
    server.start()
    member = consumer(server, name)
    member.subscribe([name])
    assert [int(m.value()) for m in take(member, 4)] == [6, 7, 8, 9]
    member.close()
