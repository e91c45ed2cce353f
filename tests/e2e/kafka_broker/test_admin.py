# Topics and configurations through librdkafka's admin client, and what the metadata says.
import pytest
from confluent_kafka import KafkaException
from confluent_kafka.admin import ConfigResource, NewTopic
from kafka_clients import DEADLINE_S, admin_client, create_topic, produce, read
from servers import wait_until

pytestmark = pytest.mark.both("kafka")


@pytest.fixture
def admin(server):
    return admin_client(server)


def error_of(future):
    with pytest.raises(KafkaException) as caught:
        future.result(DEADLINE_S)
    return caught.value.args[0].name()


def test_the_cluster_is_one_broker_that_answers_at_the_address_it_names(server, admin):
    metadata = admin.list_topics(timeout=DEADLINE_S)
    assert [f"{b.host}:{b.port}" for b in metadata.brokers.values()] == [server.kafka_address]
    assert metadata.controller_id in metadata.brokers


def test_cluster_id_is_22_characters(server, admin):
    found = admin.describe_cluster().result(DEADLINE_S)
    assert len(found.cluster_id) == 22


def test_create_describe_delete(server, admin, name):
    create_topic(server, name, partitions=3)
    found = admin.list_topics(name, timeout=DEADLINE_S).topics[name]
    broker = next(iter(admin.list_topics(timeout=DEADLINE_S).brokers))
    assert sorted(found.partitions) == [0, 1, 2]
    assert {(p.leader, tuple(p.replicas), tuple(p.isrs)) for p in found.partitions.values()} == {(broker, (broker,), (broker,))}
    admin.delete_topics([name])[name].result(DEADLINE_S)
    # The real broker answers before its own metadata has caught up.
    wait_until(lambda: name not in admin.list_topics(timeout=DEADLINE_S).topics, DEADLINE_S, "the topic to be gone")


def test_what_cannot_be_created(server, admin, name):
    create_topic(server, name)

    def refusal(*arguments, **options):
        topic = NewTopic(*arguments, **options)
        return error_of(admin.create_topics([topic])[topic.topic])

    assert refusal(name, 1, 1) == "TOPIC_ALREADY_EXISTS"
    assert refusal("has space", 1, 1) == "TOPIC_EXCEPTION"
    assert refusal("..", 1, 1) == "TOPIC_EXCEPTION"
    assert refusal("x" * 250, 1, 1) == "TOPIC_EXCEPTION"
    assert refusal(name + "2", 1, 3) == "INVALID_REPLICATION_FACTOR"
    assert refusal(name + "3", 1, 1, config={"no.such.config": "1"}) == "INVALID_CONFIG"
    assert refusal(name + "4", 1, 1, config={"retention.ms": "soon"}) == "INVALID_CONFIG"


def test_names_that_differ_only_in_dot_and_underscore(server, admin, name):
    create_topic(server, name + ".x")
    topic = name + "_x"
    assert error_of(admin.create_topics([NewTopic(topic, 1, 1)])[topic]) == "TOPIC_EXCEPTION"


def test_deleting_what_is_not_there(server, admin, name):
    assert error_of(admin.delete_topics([name])[name]) == "UNKNOWN_TOPIC_OR_PART"


def test_a_topic_made_anew_starts_at_zero(server, admin, name):
    create_topic(server, name)
    produce(server, name, [(None, b"old")] * 3)
    admin.delete_topics([name])[name].result(DEADLINE_S)
    create_topic(server, name)
    assert produce(server, name, [(None, b"new")]) == [0]
    assert read(server, name, 1)[0].value() == b"new"


def test_describe_configs(server, admin, name):
    create_topic(server, name, retention_ms="3600000", cleanup_policy="compact")
    resource = ConfigResource(ConfigResource.Type.TOPIC, name)
    configs = admin.describe_configs([resource])[resource].result(DEADLINE_S)
    assert (configs["retention.ms"].value, configs["retention.ms"].is_default) == ("3600000", False)
    assert configs["cleanup.policy"].value == "compact"
    assert (configs["max.message.bytes"].value, configs["max.message.bytes"].is_default) == ("1048588", True)
    assert configs["compression.type"].value == "producer"


def test_configs_of_an_unknown_topic(server, admin, name):
    resource = ConfigResource(ConfigResource.Type.TOPIC, name)
    assert error_of(admin.describe_configs([resource])[resource]) == "UNKNOWN_TOPIC_OR_PART"


def test_topics_and_records_survive_a_restart_and_a_kill(server, name):
    create_topic(server, name, partitions=2)
    for number, end in enumerate((server.stop, server.kill)):
        produce(server, name, [(b"k", b"%d" % i) for i in range(100)])
        end()
        server.start()
        messages = read(server, name, 100 * (number + 1))
        assert [int(m.value()) for m in messages] == list(range(100)) * (number + 1)
