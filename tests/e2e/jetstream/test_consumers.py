# Consumers with nats-py: pull, acknowledge, redeliver, filter, start somewhere, survive a restart.
import asyncio

import pytest
from nats.errors import TimeoutError
from nats.js.api import AckPolicy, ConsumerConfig, DeliverPolicy
from nats.js.errors import BadRequestError, NotFoundError

pytestmark = pytest.mark.both("nats-server")


@pytest.fixture
async def js(nats_client):
    return nats_client.jetstream()


@pytest.fixture
async def stream(js, name):
    """A stream with ten messages, a.0 to a.2 in turn, whose bodies are 0 to 9."""
    await js.add_stream(name=name, subjects=["a.*"])
    for i in range(10):
        await js.publish(f"a.{i % 3}", b"%d" % i)
    return name


async def consumer(js, stream, **config):
    """A pull subscription bound to a new consumer with that configuration."""
    info = await js.add_consumer(stream, ConsumerConfig(**config))
    return await js.pull_subscribe_bind(info.name, stream)


async def bodies(subscription, count):
    messages = await subscription.fetch(count, timeout=5)
    return [int(m.data) for m in messages], messages


async def test_a_durable_pull_consumer_gets_everything_in_order(js, stream):
    subscription = await consumer(js, stream, durable_name="d", ack_policy=AckPolicy.EXPLICIT)
    numbers, messages = await bodies(subscription, 10)
    assert numbers == list(range(10))
    assert [m.metadata.sequence.stream for m in messages] == list(range(1, 11))
    assert [m.metadata.sequence.consumer for m in messages] == list(range(1, 11))
    assert [m.metadata.num_pending for m in messages] == list(range(9, -1, -1))
    assert {m.metadata.num_delivered for m in messages} == {1}
    assert {(m.metadata.stream, m.metadata.consumer) for m in messages} == {(stream, "d")}
    info = await js.consumer_info(stream, "d")
    assert (info.num_pending, info.num_ack_pending, info.delivered.stream_seq, info.ack_floor.stream_seq) == (0, 10, 10, 0)
    for message in messages:
        await message.ack_sync(timeout=5)
    info = await js.consumer_info(stream, "d")
    assert (info.num_ack_pending, info.ack_floor.stream_seq, info.ack_floor.consumer_seq) == (0, 10, 10)


async def test_the_acknowledgement_floor_is_the_lowest_gap(js, stream):
    subscription = await consumer(js, stream, durable_name="d", ack_policy=AckPolicy.EXPLICIT)
    _, messages = await bodies(subscription, 5)
    await messages[0].ack_sync()
    await messages[2].ack_sync()
    info = await js.consumer_info(stream, "d")
    assert (info.ack_floor.stream_seq, info.num_ack_pending) == (1, 3)


async def test_ack_all_acknowledges_what_lies_before(js, stream):
    subscription = await consumer(js, stream, durable_name="d", ack_policy=AckPolicy.ALL)
    _, messages = await bodies(subscription, 10)
    await messages[6].ack_sync()
    info = await js.consumer_info(stream, "d")
    assert (info.ack_floor.stream_seq, info.num_ack_pending) == (7, 3)


async def test_ack_none_needs_no_acknowledgement(js, stream):
    subscription = await consumer(js, stream, durable_name="d", ack_policy=AckPolicy.NONE)
    numbers, _ = await bodies(subscription, 10)
    info = await js.consumer_info(stream, "d")
    assert numbers == list(range(10))
    assert (info.num_ack_pending, info.num_pending) == (0, 0)


async def test_what_is_not_acknowledged_comes_again(js, stream):
    subscription = await consumer(js, stream, durable_name="d", ack_policy=AckPolicy.EXPLICIT, ack_wait=0.3)
    _, messages = await bodies(subscription, 3)
    await messages[1].ack_sync()
    again = {}
    while len(again) < 2:
        for message in await subscription.fetch(1, timeout=5):
            if message.metadata.num_delivered == 2:
                again[int(message.data)] = message
            await message.ack_sync()
    assert sorted(again) == [0, 2]
    assert (await js.consumer_info(stream, "d")).num_redelivered == 0


async def test_nak_brings_the_message_back_at_once(js, stream):
    subscription = await consumer(js, stream, durable_name="d", ack_policy=AckPolicy.EXPLICIT)
    numbers, messages = await bodies(subscription, 10)
    await messages[4].nak()
    numbers, messages = await bodies(subscription, 1)
    assert (numbers, messages[0].metadata.num_delivered) == ([4], 2)


async def test_a_terminated_message_does_not_come_again(js, stream):
    subscription = await consumer(js, stream, durable_name="d", ack_policy=AckPolicy.EXPLICIT, ack_wait=0.2)
    _, messages = await bodies(subscription, 10)
    for message in messages[1:]:
        await message.ack()
    await messages[0].term()
    with pytest.raises(TimeoutError):
        await subscription.fetch(1, timeout=0.6)
    assert (await js.consumer_info(stream, "d")).ack_floor.stream_seq == 10


async def test_in_progress_holds_the_redelivery_back(js, stream):
    subscription = await consumer(js, stream, durable_name="d", ack_policy=AckPolicy.EXPLICIT, ack_wait=1, max_ack_pending=1)
    _, messages = await bodies(subscription, 1)
    for _ in range(4):
        await messages[0].in_progress()
        with pytest.raises(TimeoutError):  # the fetch is how this test lets time pass; it also sees a redelivery
            await subscription.fetch(1, timeout=0.4)
    await messages[0].ack_sync()
    assert (await js.consumer_info(stream, "d")).num_redelivered == 0


async def test_max_deliver_gives_up(js, stream):
    subscription = await consumer(js, stream, durable_name="d", ack_policy=AckPolicy.EXPLICIT, max_deliver=2, filter_subject="a.1")
    for _ in range(2):
        _, messages = await bodies(subscription, 3)
        for message in messages:
            await message.nak()
    with pytest.raises(TimeoutError):
        await subscription.fetch(1, timeout=0.3)


async def test_max_ack_pending_stops_delivery_until_acknowledged(js, stream):
    subscription = await consumer(js, stream, durable_name="d", ack_policy=AckPolicy.EXPLICIT, max_ack_pending=2)
    messages = await subscription.fetch(5, timeout=0.5)
    assert [int(m.data) for m in messages] == [0, 1]
    for message in messages:
        await message.ack_sync()
    assert [int(m.data) for m in await subscription.fetch(2, timeout=5)] == [2, 3]


@pytest.mark.parametrize(
    "config, expected",
    [
        ({"deliver_policy": DeliverPolicy.ALL}, list(range(10))),
        ({"deliver_policy": DeliverPolicy.LAST}, [9]),
        ({"deliver_policy": DeliverPolicy.LAST_PER_SUBJECT, "filter_subject": "a.*"}, [7, 8, 9]),
        ({"deliver_policy": DeliverPolicy.BY_START_SEQUENCE, "opt_start_seq": 8}, [7, 8, 9]),
        ({"filter_subject": "a.1"}, [1, 4, 7]),
        ({"filter_subjects": ["a.1", "a.2"]}, [1, 2, 4, 5, 7, 8]),
        ({"filter_subject": "a.1", "deliver_policy": DeliverPolicy.LAST}, [7]),
        ({"filter_subject": "a.2", "deliver_policy": DeliverPolicy.BY_START_SEQUENCE, "opt_start_seq": 4}, [5, 8]),
        ({"filter_subject": "a.9"}, []),
    ],
    ids=lambda value: None,
)
async def test_where_delivery_starts_and_what_it_filters(js, stream, config, expected):
    subscription = await consumer(js, stream, durable_name="d", **config)
    assert (await js.consumer_info(stream, "d")).num_pending == len(expected)
    if expected:
        assert (await bodies(subscription, len(expected)))[0] == expected
    with pytest.raises(TimeoutError):
        await subscription.fetch(1, timeout=0.1)


async def test_deliver_new_waits_for_what_comes(js, stream):
    subscription = await consumer(js, stream, durable_name="d", deliver_policy=DeliverPolicy.NEW)
    waiting = asyncio.create_task(subscription.fetch(1, timeout=10))
    await js.publish("a.0", b"10")
    assert [int(m.data) for m in await waiting] == [10]


async def test_start_by_time(js, name):
    await js.add_stream(name=name, subjects=["a"])
    await js.publish("a", b"0")
    await js.publish("a", b"1")
    stored = await js.get_msg(name, 2)
    from datetime import timezone

    when = stored.time.astimezone(timezone.utc).isoformat().replace("+00:00", "Z")
    info = await js.add_consumer(
        name, ConsumerConfig(durable_name="d", deliver_policy=DeliverPolicy.BY_START_TIME, opt_start_time=when, ack_policy=AckPolicy.NONE)
    )
    assert 1 <= info.num_pending <= 2  # nats-py keeps microseconds: message 1 may share them


async def test_an_ephemeral_consumer_goes_away(js, stream):
    info = await js.add_consumer(stream, ConsumerConfig(inactive_threshold=0.3, ack_policy=AckPolicy.EXPLICIT))
    assert info.config.durable_name is None

    async def gone():
        try:
            await js.consumer_info(stream, info.name)
        except NotFoundError:
            return True
        return False

    async with asyncio.timeout(20):
        while not await gone():
            pass


async def test_consumers_are_listed_and_deleted(js, stream):
    for i in range(3):
        await js.add_consumer(stream, ConsumerConfig(durable_name=f"d{i}", ack_policy=AckPolicy.EXPLICIT))
    assert sorted(info.name for info in await js.consumers_info(stream)) == ["d0", "d1", "d2"]
    assert await js.delete_consumer(stream, "d1")
    with pytest.raises(NotFoundError) as caught:
        await js.consumer_info(stream, "d1")
    assert caught.value.err_code == 10014
    assert (await js.stream_info(stream)).state.consumer_count == 2


async def test_a_consumer_of_no_stream(js):
    with pytest.raises(NotFoundError) as caught:
        await js.add_consumer("nothing", ConsumerConfig(durable_name="d"))
    assert caught.value.err_code == 10059


async def test_both_kinds_of_filter_are_refused(js, stream):
    with pytest.raises(BadRequestError) as caught:
        await js.add_consumer(stream, ConsumerConfig(durable_name="d", filter_subject="a.0", filter_subjects=["a.1"]))
    assert caught.value.err_code == 10136


async def test_a_fetch_waits_for_messages_of_another_connection(js, second_client, stream):
    subscription = await consumer(js, stream, durable_name="d", deliver_policy=DeliverPolicy.NEW, ack_policy=AckPolicy.EXPLICIT)
    waiting = asyncio.create_task(subscription.fetch(3, timeout=10))
    other = second_client.jetstream()
    for i in range(10, 13):
        await other.publish("a.0", b"%d" % i)
    got = await waiting
    while len(got) < 3:
        got += await subscription.fetch(3 - len(got), timeout=10)
    assert [int(m.data) for m in got] == [10, 11, 12]


async def test_an_ordered_consumer_reads_all(js, stream):
    subscription = await js.subscribe("a.*", ordered_consumer=True)
    messages = [await subscription.next_msg(timeout=10) for _ in range(10)]
    assert [int(m.data) for m in messages] == list(range(10))
    await subscription.unsubscribe()


async def test_a_push_consumer_delivers_to_its_subject(js, stream):
    subscription = await js.subscribe("a.*", durable="push", manual_ack=True)
    messages = [await subscription.next_msg(timeout=10) for _ in range(10)]
    assert [int(m.data) for m in messages] == list(range(10))
    for message in messages:
        await message.ack_sync()
    assert (await js.consumer_info(stream, "push")).ack_floor.stream_seq == 10


