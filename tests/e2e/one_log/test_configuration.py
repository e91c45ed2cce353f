# one-log.md, Configuration: one configuration in two encodings, and limits that hold for both faces.
import pytest
from confluent_kafka import KafkaException
from confluent_kafka.admin import ConfigResource
from kafka_clients import DEADLINE_S, admin_client, create_topic, produce, refusal
from nats.js.api import DiscardPolicy
from one_log_clients import api


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
    assert refusal(server, name, b"a", b"3") == "POLICY_VIOLATION"
    assert (await js.stream_info(name)).state.messages == 2


async def test_per_subject_limits_hold_for_records_of_kafka(server, nats_client, name):
    js = nats_client.jetstream()
    bucket = await js.create_key_value(bucket=name, history=1)
    produce(server, f"KV_{name}", [(b"k", b"%d" % i) for i in range(5)])
    assert (await js.stream_info(f"KV_{name}")).state.messages == 1
    assert (await bucket.get("k")).value == b"4"


async def test_a_message_too_large_for_a_stream_is_refused_to_kafka_too(server, nats_client, name):
    js = nats_client.jetstream()
    await js.add_stream(name=name, subjects=["a"], max_msg_size=10)
    assert refusal(server, name, b"a", b"x" * 11) == "POLICY_VIOLATION"
    assert refusal(server, name, b"a", b"x" * 10) is None


async def test_a_sealed_stream_refuses_kafka_too(server, nats_client, name):
    await api(nats_client, f"STREAM.CREATE.{name}", {"name": name, "subjects": ["a"]})
    await api(nats_client, f"STREAM.UPDATE.{name}", {"name": name, "subjects": ["a"], "sealed": True})
    assert refusal(server, name, b"a", b"v") == "POLICY_VIOLATION"


async def test_s2_is_snappy(server, nats_client, name):
    await api(nats_client, f"STREAM.CREATE.{name}", {"name": name, "subjects": ["a"], "compression": "s2"})
    assert configs(server, name)["compression.type"] == "snappy"


async def test_an_update_without_subjects_captures_nothing_new(server, nats_client, name):
    create_topic(server, name)
    create_topic(server, name + "-c", nats_subjects="service.>")
    for topic, subjects in ((name, ""), (name + "-c", "service.>")):
        await api(nats_client, f"STREAM.UPDATE.{topic}", {"name": topic, "subjects": [], "max_age": 7_200_000_000_000})
        found = configs(server, topic)
        assert (found["nats.subjects"], found["retention.ms"]) == (subjects, "7200000")


async def test_what_a_topic_cannot_capture(server, nats_client, name):
    await nats_client.jetstream().add_stream(name=name, subjects=["orders.>"])
    for subjects in ("orders.eu", "a..b", "$JS.API.>", "x.*,x.y"):
        with pytest.raises(KafkaException) as caught:
            create_topic(server, name + "-k", nats_subjects=subjects)
        assert caught.value.args[0].name() == "INVALID_CONFIG"
    with pytest.raises(KafkaException) as caught:
        create_topic(server, name + "-k", nats_subject="{topic}..{key}")
    assert caught.value.args[0].name() == "INVALID_CONFIG"


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
