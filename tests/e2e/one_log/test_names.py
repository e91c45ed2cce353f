# one-log.md, Names: a topic is a stream, and what each is called on the other side.
import pytest
from confluent_kafka import KafkaException, TopicPartition
from confluent_kafka.admin import NewTopic
from kafka_clients import DEADLINE_S, admin_client, consumer, create_topic, produce, producer, read, take
from nats.js.errors import APIError, BadRequestError, NotFoundError
from one_log_clients import api, stored


async def stream_names(client):
    return (await api(client, "STREAM.NAMES"))["streams"] or []


def topics_of(server):
    return admin_client(server).list_topics(timeout=DEADLINE_S).topics


async def test_a_stream_is_a_topic_of_one_partition(server, nats_client, name):
    await nats_client.jetstream().add_stream(name=name, subjects=["a.>"])
    assert list(topics_of(server)[name].partitions) == [0]


async def test_a_topic_is_a_stream(server, nats_client, name):
    create_topic(server, name)
    assert name in await stream_names(nats_client)
    info = await nats_client.jetstream().stream_info(name)
    assert (info.config.name, info.state.messages, info.state.last_seq) == (name, 0, 0)


async def test_dots_of_a_topic_are_underscores_of_its_stream(server, nats_client, name):
    create_topic(server, "orders.eu")
    produce(server, "orders.eu", [(b"k", b"v")])
    assert "orders_eu" in await stream_names(nats_client)
    assert (await stored(nats_client, "orders_eu", 1)).data == b"v"
    with pytest.raises(BadRequestError) as caught:
        await nats_client.jetstream().add_stream(name="orders_eu", subjects=["a"])
    assert caught.value.err_code == 10058


async def test_names_that_clash_by_dot_and_underscore(server, nats_client):
    await nats_client.jetstream().add_stream(name="a_b", subjects=["x"])
    client = admin_client(server)
    with pytest.raises(KafkaException) as caught:
        client.create_topics([NewTopic("a.b", 1, 1)])["a.b"].result(DEADLINE_S)
    assert caught.value.args[0].name() == "TOPIC_EXCEPTION"


async def test_every_partition_is_a_stream(server, nats_client, name):
    create_topic(server, name, partitions=3)
    names = await stream_names(nats_client)
    assert {name, f"{name}@1", f"{name}@2"} <= set(names)
    assert f"{name}@0" not in names
    client = nats_client.jetstream()
    assert (await client.stream_info(f"{name}@0")).config.name in (name, f"{name}@0")
    writer = producer(server)
    for partition in range(3):
        writer.produce(name, b"in %d" % partition, partition=partition)
    assert writer.flush(DEADLINE_S) == 0
    for partition, stream in enumerate((name, f"{name}@1", f"{name}@2")):
        assert (await stored(nats_client, stream, 1)).data == b"in %d" % partition
    assert (await stored(nats_client, f"{name}@0", 1)).data == b"in 0"


async def test_a_name_of_the_other_world_is_taken(server, nats_client, name):
    create_topic(server, name)
    with pytest.raises(BadRequestError) as caught:
        await nats_client.jetstream().add_stream(name=name, subjects=["a"])
    assert caught.value.err_code == 10058
    await nats_client.jetstream().add_stream(name=name + "-nats", subjects=["a"])
    client = admin_client(server)
    with pytest.raises(KafkaException) as taken:
        client.create_topics([NewTopic(name + "-nats", 1, 1)])[name + "-nats"].result(DEADLINE_S)
    assert taken.value.args[0].name() == "TOPIC_ALREADY_EXISTS"


async def test_a_stream_whose_name_is_no_topic_name_is_not_shown(server, nats_client):
    await nats_client.jetstream().add_stream(name="straße", subjects=["a"])
    assert not any("stra" in topic for topic in topics_of(server))


async def test_deleting_the_stream_deletes_the_topic(server, nats_client, name):
    js = nats_client.jetstream()
    await js.add_stream(name=name, subjects=["a"])
    await js.publish("a", b"")
    await js.delete_stream(name)
    assert name not in topics_of(server)


async def test_deleting_the_topic_deletes_the_stream(server, nats_client, name):
    create_topic(server, name)
    client = admin_client(server)
    client.delete_topics([name])[name].result(DEADLINE_S)
    with pytest.raises(NotFoundError):
        await nats_client.jetstream().stream_info(name)


async def test_what_is_made_anew_is_another_topic(server, nats_client, name):
    js = nats_client.jetstream()
    await js.add_stream(name=name, subjects=["a"])
    await js.publish("a", b"old")
    member = consumer(server, name)
    member.commit(offsets=[TopicPartition(name, 0, 1)], asynchronous=False)
    await js.delete_stream(name)
    await js.add_stream(name=name, subjects=["a"])
    assert (await js.publish("a", b"new")).seq == 1
    assert member.committed([TopicPartition(name, 0)], timeout=DEADLINE_S)[0].offset == -1001  # nothing
    member.close()
    assert [(m.offset(), m.value()) for m in read(server, name, 1)] == [(0, b"new")]


async def test_a_bucket_is_a_topic(server, nats_client, name):
    await nats_client.jetstream().create_key_value(bucket=name)
    assert list(topics_of(server)[f"KV_{name}"].partitions) == [0]


async def test_internal_topics_are_no_streams(server, nats_client, name):
    create_topic(server, name)
    produce(server, name, [(None, b"v")])
    member = consumer(server, name)
    member.subscribe([name])
    member.commit(message=take(member, 1)[0], asynchronous=False)
    member.close()
    assert not any(stream.startswith("__") for stream in await stream_names(nats_client))


async def test_expected_stream_accepts_the_partitions_names(server, nats_client, name):
    create_topic(server, name, nats_subjects=f"{name}.>")
    js = nats_client.jetstream()
    assert (await js.publish(f"{name}.x", b"", stream=name)).seq == 1
    assert (await js.publish(f"{name}.x", b"", stream=f"{name}@0")).seq == 2
    with pytest.raises(APIError) as caught:
        await js.publish(f"{name}.x", b"", stream="another")
    assert caught.value.err_code == 10060
    assert len(read(server, name, 2)) == 2
