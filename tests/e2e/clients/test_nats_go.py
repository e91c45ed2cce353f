# nats.go, the reference client: its newer JetStream API asks differently from nats-py.
import probes
import pytest

pytestmark = pytest.mark.both("nats-server")


async def test_asynchronous_publishes_are_all_acknowledged(server, nats_client, name):
    await nats_client.jetstream().add_stream(name=name, subjects=["a"])
    acks = probes.nats_go("publish", server.nats_url, "a", 3000)
    assert [ack["seq"] for ack in acks] == list(range(1, 3001))
    assert {ack["stream"] for ack in acks} == {name}


async def test_an_ordered_consumer_reads_all(server, nats_client, name):
    js = nats_client.jetstream()
    await js.add_stream(name=name, subjects=["a.*"])
    for i in range(300):
        await js.publish(f"a.{i % 3}", b"value-%d" % i)
    assert probes.nats_go("read", server.nats_url, name) == [
        {"seq": i + 1, "subject": f"a.{i % 3}", "value": f"value-{i}"} for i in range(300)
    ]


async def test_a_durable_consumer_goes_on(server, nats_client, name):
    js = nats_client.jetstream()
    await js.add_stream(name=name, subjects=["a"])
    for i in range(20):
        await js.publish("a", b"value-%d" % i)
    first = probes.nats_go("consume", server.nats_url, name, "d", 8)
    second = probes.nats_go("consume", server.nats_url, name, "d", 12)
    assert [m["seq"] for m in first + second] == list(range(1, 21))
    assert (await js.consumer_info(name, "d")).ack_floor.stream_seq == 20


async def test_buckets_of_the_other_client(server, nats_client, name):
    bucket = await nats_client.jetstream().create_key_value(bucket=name, direct=True)
    await bucket.put("k", b"from python")
    assert probes.commands_of_nats_go("kv", server, name, ("get", "k"), ("put", "k", "from go")) == [
        {"entry": ["k", "from python", 1, "put"]}, {"revision": 2}]
    assert (await bucket.get("k")).value == b"from go"


# Subjects s.0, s.1, s.2, s.0, ...; a message in the middle is gone.
@pytest.fixture
async def three_subjects(nats_client, name):
    js = nats_client.jetstream()
    await js.add_stream(name=name, subjects=["s.*"], allow_direct=True)
    for i in range(600):
        await js.publish(f"s.{i % 3}", b"value-%d" % i)
    await js.delete_msg(name, 4)
    return name


def message(sequence):
    return {"seq": sequence, "subject": f"s.{(sequence - 1) % 3}", "value": f"value-{sequence - 1}"}


def test_many_messages_by_one_direct_get(server, three_subjects):
    everything = [message(i) for i in range(1, 601) if i != 4]
    assert probes.nats_go("batch", server.nats_url, three_subjects, 1000, 1, "") == everything
    assert probes.nats_go("batch", server.nats_url, three_subjects, 300, 3, "") == everything[2:302]
    assert probes.nats_go("batch", server.nats_url, three_subjects, 300, 2, "s.0") == [m for m in everything[1:] if m["subject"] == "s.0"]
    assert probes.nats_go("batch", server.nats_url, three_subjects, 10, 601, "") == [{"error": "no messages"}]


def test_the_last_messages_of_subjects_by_one_direct_get(server, three_subjects):
    assert probes.nats_go("last", server.nats_url, three_subjects, 0, "s.*") == [message(i) for i in (598, 599, 600)]
    assert probes.nats_go("last", server.nats_url, three_subjects, 6, "s.2", "s.0") == [message(1), message(6)]
    assert probes.nats_go("last", server.nats_url, three_subjects, 0, "t") == [{"error": "no messages"}]
