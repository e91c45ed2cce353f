# one-log.md, Core subscribers: what Kafka clients write reaches the core NATS subscribers of its subject, where `nats.deliver` is on.
import pytest
from kafka_clients import create_topic, produce, producer, read
from nats_clients import connect
from one_log_clients import stored_all

DEADLINE_S = 30


async def take(subscription, count):
    return [await subscription.next_msg(DEADLINE_S) for _ in range(count)]


async def nothing_more(client, subscription):
    """A message of our own comes next, so nothing was before it."""
    await client.publish(subscription.subject.replace(">", "end").replace("*", "end"), b"end")
    assert (await subscription.next_msg(DEADLINE_S)).data == b"end"


async def test_records_of_every_partition_reach_subscribers_of_every_shard(server, nats_client, second_client, name):
    create_topic(server, name, 4, nats_deliver="true", nats_subject="{topic}.{key}")
    subscriptions = [await client.subscribe(f"{name}.>") for client in (nats_client, second_client)]
    for client in (nats_client, second_client):
        await client.flush()
    out = producer(server)
    for i in range(200):
        out.produce(name, b"%d" % i, b"key%d" % (i % 8), partition=i % 4, headers=[("n", b"%d" % i)])
    assert out.flush(DEADLINE_S) == 0
    for subscription in subscriptions:
        messages = await take(subscription, 200)
        assert sorted(int(m.data) for m in messages) == list(range(200))
        assert all(m.subject == f"{name}.key{int(m.data) % 8}" and m.headers == {"n": m.data.decode()} for m in messages)
        for partition in range(4):
            assert [int(m.data) for m in messages if int(m.data) % 4 == partition] == list(range(partition, 200, 4))
        await nothing_more(nats_client, subscription)


@pytest.mark.parametrize("codec", ["gzip", "snappy", "lz4", "zstd"])
async def test_every_codec_is_decoded(server, nats_client, name, codec):
    create_topic(server, name, nats_deliver="true")
    subscription = await nats_client.subscribe(name)
    await nats_client.flush()
    produce(server, name, [(None, b"x" * 1000 + b"%d" % i) for i in range(50)], compression_type=codec)
    assert [m.data for m in await take(subscription, 50)] == [b"x" * 1000 + b"%d" % i for i in range(50)]


async def test_off_unless_its_owner_turned_it_on(server, nats_client, name):
    create_topic(server, name)
    subscription = await nats_client.subscribe(name)
    await nats_client.flush()
    produce(server, name, [(b"k", b"v")])
    await nothing_more(nats_client, subscription)


@pytest.mark.config("kafka { deliver: true }")
async def test_the_owner_of_the_server_turns_it_on_for_new_topics(server, nats_client, name):
    create_topic(server, name)
    create_topic(server, name + "-off", nats_deliver="false")
    subscription = await nats_client.subscribe(name)
    off = await nats_client.subscribe(name + "-off")
    await nats_client.flush()
    produce(server, name, [(b"k", b"v")])
    produce(server, name + "-off", [(b"k", b"v")])
    assert (await subscription.next_msg(DEADLINE_S)).data == b"v"
    await nothing_more(nats_client, off)


async def test_a_stream_delivers_and_stores_once(server, nats_client, name):
    js = nats_client.jetstream()
    await js.add_stream(name=name, subjects=[f"{name}.>"])
    subscription = await nats_client.subscribe(f"{name}.>")
    await nats_client.flush()
    produce(server, name, [(b"%s.a" % name.encode(), b"by kafka")])
    await js.publish(f"{name}.b", b"by nats")
    assert [(m.subject, m.data) for m in await take(subscription, 2)] == [(f"{name}.a", b"by kafka"), (f"{name}.b", b"by nats")]
    assert len(await stored_all(nats_client, name)) == 2


async def test_no_stream_captures_what_is_delivered(server, nats_client, name):
    await nats_client.jetstream().add_stream(name=name, subjects=["live.>"])
    create_topic(server, name + "-topic", nats_deliver="true", nats_subject="live.{key}")
    subscription = await nats_client.subscribe("live.>")
    await nats_client.flush()
    produce(server, name + "-topic", [(b"k", b"v")])
    assert (await subscription.next_msg(DEADLINE_S)).subject == "live.k"
    assert (await nats_client.jetstream().stream_info(name)).state.messages == 0


async def test_no_record_passes_for_a_request_or_a_reply(server, nats_client, name):
    await nats_client.jetstream().add_stream(name=name, subjects=["kept"])
    create_topic(server, name + "-topic", nats_deliver="true", nats_subject="{key}")
    subscription = await nats_client.subscribe(">")
    await nats_client.flush()
    produce(server, name + "-topic", [(b"$JS.API.STREAM.DELETE.%s" % name.encode(), b""), (b"_INBOX.a", b"v"), (b"fine", b"v")])
    while (message := await subscription.next_msg(DEADLINE_S)).subject != "fine":
        assert not message.subject.startswith("_INBOX.a") and "DELETE" not in message.subject
    assert (await nats_client.jetstream().stream_info(name)).config.name == name


async def test_a_group_of_subscribers_shares_them(server, nats_client, second_client, name):
    create_topic(server, name, nats_deliver="true")
    members = [await client.subscribe(name, queue="q") for client in (nats_client, second_client)]
    everything = await nats_client.subscribe(name)
    for client in (nats_client, second_client):
        await client.flush()
    produce(server, name, [(b"k", b"%d" % i) for i in range(100)])
    await take(everything, 100)
    got = 0
    while got < 100:
        for member in members:
            got += len(await take(member, member.pending_msgs))
        await second_client.flush()
    assert got == 100


async def test_delivered_after_a_kill_from_where_the_log_ends(server, name):
    create_topic(server, name, nats_deliver="true")
    produce(server, name, [(b"k", b"before")])
    server.kill()
    server.start()
    client = await connect(server)
    subscription = await client.subscribe(name)
    await client.flush()
    produce(server, name, [(b"k", b"after")])
    assert (await subscription.next_msg(DEADLINE_S)).data == b"after"
    assert [m.value() for m in read(server, name, 2)] == [b"before", b"after"]
    await client.close()
