# Publish, subscribe and request with nats-py: what every NATS program does.
import asyncio

import pytest
from nats.errors import MaxPayloadError, NoRespondersError, TimeoutError
from nats_clients import connect

pytestmark = pytest.mark.both("nats-server")


async def take(subscription, count):
    return [await subscription.next_msg(timeout=10) for _ in range(count)]


async def test_every_message_arrives_once_in_order(nats_client, second_client):
    subscription = await second_client.subscribe("a.b")
    await second_client.flush()
    for i in range(1000):
        await nats_client.publish("a.b", b"%d" % i)
    messages = await take(subscription, 1000)
    assert [m.data for m in messages] == [b"%d" % i for i in range(1000)]
    assert {m.subject for m in messages} == {"a.b"}
    with pytest.raises(TimeoutError):
        await subscription.next_msg(timeout=0.05)


@pytest.mark.parametrize(
    "pattern, hits",
    [
        ("a", {"a"}),
        ("*", {"a"}),
        ("a.*", {"a.b", "a.c"}),
        ("*.b", {"a.b"}),
        ("a.>", {"a.b", "a.c", "a.b.c"}),
        (">", {"a", "a.b", "a.c", "a.b.c"}),
        ("a.*.c", {"a.b.c"}),
        ("A", set()),
    ],
)
async def test_wildcards(nats_client, second_client, pattern, hits):
    subscription = await second_client.subscribe(pattern)
    await second_client.flush()
    for subject in ("a", "a.b", "a.c", "a.b.c"):
        await nats_client.publish(subject, subject.encode())
    await nats_client.flush()
    await second_client.flush()
    messages = await take(subscription, len(hits))
    assert {m.subject for m in messages} == hits
    assert subscription.pending_msgs == 0


async def test_overlapping_subscriptions_each_get_the_message(nats_client):
    subscriptions = [await nats_client.subscribe(pattern) for pattern in ("x.y", "x.*", "x.>", "x.y")]
    await nats_client.publish("x.y", b"hello")
    for subscription in subscriptions:
        assert (await subscription.next_msg(timeout=10)).data == b"hello"


async def test_empty_payload(nats_client):
    subscription = await nats_client.subscribe("empty")
    await nats_client.publish("empty")
    assert (await subscription.next_msg(timeout=10)).data == b""


async def test_largest_payload_and_one_byte_more(nats_client, second_client):
    assert nats_client.max_payload == 1024 * 1024
    subscription = await second_client.subscribe("big", pending_bytes_limit=4 * 1024 * 1024)
    await second_client.flush()
    largest = bytes(range(256)) * 4096
    await nats_client.publish("big", largest)
    assert (await subscription.next_msg(timeout=10)).data == largest
    with pytest.raises(MaxPayloadError):
        await nats_client.publish("big", largest + b"!")


@pytest.mark.config("max_payload: 1000")
async def test_max_payload_of_the_configuration(nats_client):
    assert nats_client.max_payload == 1000


async def test_headers_keep_their_values_and_order(nats_client, second_client):
    subscription = await second_client.subscribe("h")
    await second_client.flush()
    headers = {"Key": "value", "lower-case": "kept", "Colon": "a:b", "Unicode": "größe"}
    await nats_client.publish("h", b"body", headers=headers)
    message = await subscription.next_msg(timeout=10)
    assert message.data == b"body"
    assert message.headers == headers


async def test_request_is_answered_by_one_responder(nats_client, second_client):
    async def answer(message):
        await message.respond(b"re: " + message.data)

    await second_client.subscribe("service", cb=answer)
    await second_client.flush()
    replies = await asyncio.gather(*(nats_client.request("service", b"%d" % i, timeout=10) for i in range(100)))
    assert [r.data for r in replies] == [b"re: %d" % i for i in range(100)]


async def test_request_without_responder_fails_at_once(nats_client):
    with pytest.raises(NoRespondersError):
        await nats_client.request("nobody.listens", b"", timeout=10)


async def test_request_to_a_silent_responder_times_out(nats_client, second_client):
    await second_client.subscribe("silent")
    await second_client.flush()
    with pytest.raises(TimeoutError):
        await nats_client.request("silent", b"", timeout=0.1)


async def test_a_queue_group_gets_each_message_once(nats_client, second_client):
    members = [await second_client.subscribe("work", queue="workers") for _ in range(2)]
    members.append(await nats_client.subscribe("work", queue="workers"))
    everything = await second_client.subscribe("work")
    await second_client.flush()
    for i in range(300):
        await nats_client.publish("work", b"%d" % i)
    await nats_client.flush()
    await take(everything, 300)
    await nats_client.flush()
    counts = [member.pending_msgs for member in members]
    assert sum(counts) == 300
    assert all(count > 0 for count in counts)  # a member that never gets one of 300: once in 10^50 runs
    got = [m.data for member, count in zip(members, counts) for m in await take(member, count)]
    assert sorted(got, key=int) == [b"%d" % i for i in range(300)]


async def test_unsubscribe_after_a_count(nats_client, second_client):
    subscription = await second_client.subscribe("few")
    await subscription.unsubscribe(limit=3)
    await second_client.flush()
    for i in range(10):
        await nats_client.publish("few", b"%d" % i)
    await nats_client.flush()
    await second_client.flush()
    assert [m.data for m in await take(subscription, 3)] == [b"0", b"1", b"2"]
    assert subscription.delivered == 3


async def test_unsubscribe_ends_delivery(nats_client, second_client):
    subscription = await second_client.subscribe("stop")
    await second_client.flush()
    await nats_client.publish("stop", b"1")
    assert (await subscription.next_msg(timeout=10)).data == b"1"
    await subscription.unsubscribe()
    await second_client.flush()
    with pytest.raises(NoRespondersError):
        await nats_client.request("stop", b"2", timeout=10)


async def test_drain_delivers_what_was_on_its_way(server, nats_client):
    got = []

    async def keep(message):
        got.append(message.data)

    draining = await connect(server)
    await draining.subscribe("d", cb=keep)
    await draining.flush()
    for i in range(100):
        await nats_client.publish("d", b"%d" % i)
    await nats_client.flush()
    await draining.drain()
    assert got == [b"%d" % i for i in range(100)]
    assert draining.is_closed


async def test_no_echo_to_the_connection_that_asked_for_it(server):
    client = await connect(server, no_echo=True)
    subscription = await client.subscribe("echo")
    await client.publish("echo", b"")
    await client.flush()
    assert subscription.pending_msgs == 0
    await client.close()


async def test_many_subscriptions_of_one_connection(nats_client, second_client):
    subscriptions = [await second_client.subscribe(f"many.{i}") for i in range(2000)]
    await second_client.flush()
    for i in range(2000):
        await nats_client.publish(f"many.{i}", b"%d" % i)
    for i, subscription in enumerate(subscriptions):
        assert (await subscription.next_msg(timeout=10)).data == b"%d" % i
