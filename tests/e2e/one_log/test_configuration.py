# one-log.md, Configuration and Core subscribers: one configuration in two encodings, limits that hold for both faces, and who hears what.
from confluent_kafka.admin import ConfigResource
from kafka_clients import DEADLINE_S, Deliveries, admin_client, create_topic, produce, producer
from nats.js.api import DiscardPolicy


def configs(server, topic):
    resource = ConfigResource(ConfigResource.Type.TOPIC, topic)
    client = admin_client(server)
    return {name: entry.value for name, entry in client.describe_configs([resource])[resource].result(DEADLINE_S).items()}


async def test_max_age_is_retention_ms(server, nats_client, name):
    await nats_client.jetstream().add_stream(name=name, subjects=["a"], max_age=3600)
    assert configs(server, name)["retention.ms"] == "3600000"
    create_topic(server, name + "-k", retention_ms="7200000")
    assert (await nats_client.jetstream().stream_info(name + "-k")).config.max_age == 7200


async def test_a_stream_without_limits_keeps_for_ever(server, nats_client, name):
    await nats_client.jetstream().add_stream(name=name, subjects=["a"])
    found = configs(server, name)
    assert (found["retention.ms"], found["cleanup.policy"], found["message.timestamp.type"]) == ("-1", "delete", "LogAppendTime")


async def test_a_bucket_is_a_compacted_topic(server, nats_client, name):
    js = nats_client.jetstream()
    await js.create_key_value(bucket=name)
    await js.create_key_value(bucket=name + "-ttl", ttl=3600)
    assert configs(server, f"KV_{name}")["cleanup.policy"] == "compact"
    assert set(configs(server, f"KV_{name}-ttl")["cleanup.policy"].split(",")) == {"compact", "delete"}


async def test_jetstream_fields_are_topic_configs(server, nats_client, name):
    await nats_client.jetstream().add_stream(name=name, subjects=["a", "b.>"], max_msgs=100, discard=DiscardPolicy.NEW)
    found = configs(server, name)
    assert set(found["nats.subjects"].split(",")) == {"a", "b.>"}
    assert (found["nats.max.msgs"], found["nats.discard"]) == ("100", "new")


async def test_a_compacted_topic_has_no_limit_for_jetstream(server, nats_client, name):
    create_topic(server, name, cleanup_policy="compact")
    produce(server, name, [(b"k", b"1"), (b"k", b"2")])
    info = await nats_client.jetstream().stream_info(name)
    assert (info.config.max_msgs_per_subject, info.state.messages) == (-1, 2)


async def test_a_full_stream_refuses_kafka_too(server, nats_client, name):
    js = nats_client.jetstream()
    await js.add_stream(name=name, subjects=["a"], max_msgs=2, discard=DiscardPolicy.NEW)
    produce(server, name, [(b"a", b"1"), (b"a", b"2")])
    client, deliveries = producer(server), Deliveries()
    client.produce(name, b"3", b"a", on_delivery=deliveries)
    client.flush(DEADLINE_S)
    error = deliveries.reports[0][0]
    assert error.name() == "POLICY_VIOLATION"
    assert (await js.stream_info(name)).state.messages == 2


async def test_per_subject_limits_hold_for_records_of_kafka(server, nats_client, name):
    js = nats_client.jetstream()
    bucket = await js.create_key_value(bucket=name, history=1)
    produce(server, f"KV_{name}", [(b"k", b"%d" % i) for i in range(5)])
    assert (await js.stream_info(f"KV_{name}")).state.messages == 1
    assert (await bucket.get("k")).value == b"4"


async def test_a_core_subscriber_of_a_stream_hears_what_kafka_brings(server, nats_client, name):
    await nats_client.jetstream().add_stream(name=name, subjects=["news.*"])
    subscription = await nats_client.subscribe("news.>")
    await nats_client.flush()
    produce(server, name, [(b"news.eu", b"v")])
    message = await subscription.next_msg(timeout=10)
    assert (message.subject, message.data) == ("news.eu", b"v")


async def test_a_topic_of_kafka_is_silent_until_its_owner_wants_it(server, nats_client, name):
    create_topic(server, name)
    create_topic(server, name + "-loud", nats_deliver="true")
    silent = await nats_client.subscribe(name)
    loud = await nats_client.subscribe(name + "-loud")
    await nats_client.flush()
    produce(server, name, [(None, b"silent")])
    produce(server, name + "-loud", [(None, b"loud")])
    assert (await loud.next_msg(timeout=10)).data == b"loud"
    await nats_client.flush()
    assert silent.pending_msgs == 0


async def test_a_watcher_sees_what_kafka_writes(server, nats_client, name):
    bucket = await nats_client.jetstream().create_key_value(bucket=name)
    watcher = await bucket.watchall()
    assert await watcher.updates(timeout=10) is None
    produce(server, f"KV_{name}", [(b"k", b"v")])
    first = await watcher.updates(timeout=10)
    produce(server, f"KV_{name}", [(b"k", None)])
    second = await watcher.updates(timeout=10)
    assert (first.key, first.value, first.operation) == ("k", b"v", None)
    assert (second.key, second.operation) == ("k", "DEL")
    await watcher.stop()
