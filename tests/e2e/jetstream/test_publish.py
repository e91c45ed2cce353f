# Publishing into a stream with nats-py: acknowledgements, duplicates, expectations, and reading single messages back.
import asyncio

import pytest
from nats.js.errors import APIError, NoStreamResponseError, NotFoundError
from nats_clients import connect

pytestmark = pytest.mark.both("nats-server")


@pytest.fixture
async def js(nats_client):
    return nats_client.jetstream()


async def refused(coroutine, error=APIError):
    with pytest.raises(error) as caught:
        await coroutine
    return caught.value.err_code


async def test_every_acknowledgement_names_the_stream_and_the_next_sequence(js, name):
    await js.add_stream(name=name, subjects=["a.*"])
    for i in range(100):
        ack = await js.publish(f"a.{i}", b"%d" % i)
        assert (ack.stream, ack.seq, ack.duplicate) == (name, i + 1, None)


async def test_many_in_flight_are_stored_in_the_order_of_sending(js, name):
    await js.add_stream(name=name, subjects=["a"])
    futures = [await js.publish_async("a", b"%d" % i) for i in range(2000)]
    acks = await asyncio.gather(*futures)
    assert [ack.seq for ack in acks] == list(range(1, 2001))
    assert (await js.get_msg(name, 1234)).data == b"1233"


async def test_a_subject_of_no_stream(js):
    with pytest.raises(NoStreamResponseError):
        await js.publish("nowhere", b"")


async def test_core_subscribers_see_what_the_stream_stores(js, nats_client, second_client, name):
    await js.add_stream(name=name, subjects=["a"])
    subscription = await second_client.subscribe("a")
    await second_client.flush()
    await js.publish("a", b"both")
    assert (await subscription.next_msg(timeout=10)).data == b"both"


async def test_a_core_publish_is_stored_too(js, nats_client, name):
    await js.add_stream(name=name, subjects=["a"])
    await nats_client.publish("a", b"no ack asked for")
    await nats_client.flush()
    assert (await js.publish("a", b"")).seq == 2
    assert (await js.get_msg(name, 1)).data == b"no ack asked for"


async def test_a_message_id_is_stored_once_within_the_window(js, name):
    await js.add_stream(name=name, subjects=["a"])
    first = await js.publish("a", b"1", headers={"Nats-Msg-Id": "one"})
    again = await js.publish("a", b"2", headers={"Nats-Msg-Id": "one"})
    other = await js.publish("a", b"3", headers={"Nats-Msg-Id": "two"})
    assert (first.seq, first.duplicate) == (1, None)
    assert (again.seq, again.duplicate) == (1, True)
    assert (other.seq, other.duplicate) == (2, None)


async def test_message_ids_survive_a_kill(server, name):
    client = await connect(server)
    await client.jetstream().add_stream(name=name, subjects=["a"])
    await client.jetstream().publish("a", b"1", headers={"Nats-Msg-Id": "one"})
    await client.close()
    server.kill()
    server.start()
    client = await connect(server)
    again = await client.jetstream().publish("a", b"1", headers={"Nats-Msg-Id": "one"})
    assert (again.seq, again.duplicate) == (1, True)
    await client.close()


async def test_a_message_id_outlives_its_message(js, name):
    await js.add_stream(name=name, subjects=["a"])
    await js.publish("a", b"1", headers={"Nats-Msg-Id": "one"})
    await js.purge_stream(name)
    assert (await js.publish("a", b"1", headers={"Nats-Msg-Id": "one"})).duplicate


@pytest.mark.parametrize(
    "headers, err_code",
    [
        ({"Nats-Expected-Stream": "another"}, 10060),
        ({"Nats-Expected-Last-Sequence": "1"}, 10071),
        ({"Nats-Expected-Last-Sequence": "3"}, 10071),
        ({"Nats-Expected-Last-Subject-Sequence": "2"}, 10071),
        ({"Nats-Expected-Last-Subject-Sequence": "0"}, 10071),
        ({"Nats-Expected-Last-Msg-Id": "other"}, 10070),
    ],
)
async def test_a_broken_expectation_stores_nothing(js, name, headers, err_code):
    await js.add_stream(name=name, subjects=["a", "b"])
    await js.publish("a", b"1")
    await js.publish("b", b"2", headers={"Nats-Msg-Id": "last"})
    assert await refused(js.publish("a", b"3", headers=headers)) == err_code
    assert (await js.stream_info(name)).state.last_seq == 2


@pytest.mark.parametrize(
    "headers",
    [
        {"Nats-Expected-Last-Sequence": "2"},
        {"Nats-Expected-Last-Subject-Sequence": "1"},
        {"Nats-Expected-Last-Msg-Id": "last"},
    ],
)
async def test_a_kept_expectation_stores(js, name, headers):
    await js.add_stream(name=name, subjects=["a", "b"])
    await js.publish("a", b"1")
    await js.publish("b", b"2", headers={"Nats-Msg-Id": "last"})
    assert (await js.publish("a", b"3", stream=name, headers=headers)).seq == 3


async def test_only_one_of_many_wins_an_expectation(js, second_client, name):
    await js.add_stream(name=name, subjects=["a"])
    other = second_client.jetstream()
    tries = [
        (js if i % 2 else other).publish("a", b"%d" % i, headers={"Nats-Expected-Last-Subject-Sequence": "0"}) for i in range(20)
    ]
    results = await asyncio.gather(*tries, return_exceptions=True)
    assert [type(r).__name__ for r in results].count("PubAck") == 1
    assert (await js.stream_info(name)).state.messages == 1


@pytest.mark.parametrize("direct", [False, True])
async def test_get_by_sequence_last_and_next(js, name, direct):
    await js.add_stream(name=name, subjects=["a.*"], allow_direct=True)
    for i in range(6):
        await js.publish(f"a.{i % 3}", b"%d" % i, headers={"N": str(i)})

    async def get(**what):
        message = await js.get_msg(name, direct=direct, **what)
        return message.seq, message.subject, message.data, (message.headers or {}).get("N")

    assert await get(seq=2) == (2, "a.1", b"1", "1")
    assert await get(subject="a.1") == (5, "a.1", b"4", "4")
    assert await get(seq=3, subject="a.0", next=True) == (4, "a.0", b"3", "3")
    for missing in ({"seq": 7}, {"subject": "a.9"}, {"seq": 5, "subject": "a.0", "next": True}):
        with pytest.raises(NotFoundError):
            await get(**missing)


async def test_a_message_larger_than_the_stream_takes(js, name):
    await js.add_stream(name=name, subjects=["a"], max_msg_size=10)
    await js.publish("a", b"0123456789")
    assert await refused(js.publish("a", b"0123456789!")) == 10054


async def test_rollup_of_a_subject_leaves_the_newest(js, name):
    await js.add_stream(name=name, subjects=["a.*"], allow_rollup_hdrs=True)
    for i in range(4):
        await js.publish(f"a.{i % 2}", b"%d" % i)
    await js.publish("a.0", b"sum", headers={"Nats-Rollup": "sub"})
    state = (await js.stream_info(name)).state
    assert (state.messages, state.first_seq, state.last_seq) == (3, 2, 5)
