# one-log.md, Writing exactly once: expectations and duplicates where both faces write.
import pytest
from kafka_clients import produce, read
from nats.js.errors import APIError, KeyWrongLastSequenceError


@pytest.fixture
async def js(nats_client, name):
    js = nats_client.jetstream()
    await js.add_stream(name=name, subjects=["a.*"])
    return js


async def test_an_expectation_counts_what_kafka_wrote(server, js, name):
    produce(server, name, [(b"a.x", b"1"), (b"a.y", b"2")])
    with pytest.raises(APIError) as caught:
        await js.publish("a.x", b"3", headers={"Nats-Expected-Last-Sequence": "1"})
    assert caught.value.err_code == 10071
    assert (await js.publish("a.x", b"3", headers={"Nats-Expected-Last-Sequence": "2"})).seq == 3
    assert (await js.publish("a.y", b"4", headers={"Nats-Expected-Last-Subject-Sequence": "2"})).seq == 4


@pytest.mark.both("nats-server")
async def test_an_erased_message_at_the_end_still_counts(server, js, name):
    for i in range(5):
        await js.publish("a.x", b"%d" % i)
    await js.delete_msg(name, 5)
    with pytest.raises(APIError) as caught:
        await js.publish("a.x", b"next", headers={"Nats-Expected-Last-Sequence": "4"})
    assert caught.value.err_code == 10071
    assert (await js.publish("a.x", b"next", headers={"Nats-Expected-Last-Sequence": "5"})).seq == 6


async def test_an_expectation_of_what_is_not_there_yet_fails(js, name):
    await js.publish("a.x", b"1")
    with pytest.raises(APIError) as caught:
        await js.publish("a.x", b"2", headers={"Nats-Expected-Last-Sequence": "2"})
    assert caught.value.err_code == 10071


async def test_update_of_a_key_that_kafka_changed(server, nats_client, name):
    bucket = await nats_client.jetstream().create_key_value(bucket=name)
    revision = await bucket.put("k", b"1")
    produce(server, f"KV_{name}", [(b"k", b"2")])
    with pytest.raises(KeyWrongLastSequenceError):
        await bucket.update("k", b"3", last=revision)
    assert await bucket.update("k", b"3", last=revision + 1) == revision + 2


async def test_create_of_a_key_that_kafka_deleted(server, nats_client, name):
    bucket = await nats_client.jetstream().create_key_value(bucket=name)
    await bucket.put("k", b"1")
    produce(server, f"KV_{name}", [(b"k", None)])
    assert await bucket.create("k", b"again") == 3


async def test_message_ids_and_an_idempotent_producer_in_one_partition(server, js, name):
    assert (await js.publish("a.x", b"n", headers={"Nats-Msg-Id": "one"})).seq == 1
    assert produce(server, name, [(b"a.x", b"k%d" % i) for i in range(100)], enable_idempotence=True) == list(range(1, 101))
    again = await js.publish("a.x", b"n", headers={"Nats-Msg-Id": "one"})
    assert (again.seq, again.duplicate) == (1, True)
    assert [m.value() for m in read(server, name, 101)] == [b"n", *(b"k%d" % i for i in range(100))]
