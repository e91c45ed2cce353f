# Key-value buckets with nats-py.
import asyncio

import pytest
from nats.js.errors import BucketNotFoundError, KeyNotFoundError, KeyWrongLastSequenceError, NoKeysError
from nats_clients import connect

pytestmark = pytest.mark.both("nats-server")


@pytest.fixture
async def js(nats_client):
    return nats_client.jetstream()


@pytest.fixture
async def bucket(js, name):
    return await js.create_key_value(bucket=name, history=5, direct=True)


async def test_a_bucket_is_a_stream(js, bucket, name):
    info = await js.stream_info("KV_" + name)
    assert info.config.subjects == [f"$KV.{name}.>"]
    assert (info.config.max_msgs_per_subject, info.config.allow_rollup_hdrs, info.config.deny_delete, info.config.allow_direct) == (
        5, True, True, True)
    status = await bucket.status()
    assert (status.bucket, status.values, status.history) == (name, 0, 5)


async def test_put_and_get(bucket):
    assert await bucket.put("color", b"red") == 1
    assert await bucket.put("size", b"xl") == 2
    assert await bucket.put("color", b"blue") == 3
    entry = await bucket.get("color")
    assert (entry.key, entry.value, entry.revision) == ("color", b"blue", 3)
    assert (await bucket.get("color", revision=1)).value == b"red"
    with pytest.raises(KeyNotFoundError):
        await bucket.get("shape")


async def test_create_only_once(bucket):
    assert await bucket.create("k", b"1") == 1
    with pytest.raises(KeyWrongLastSequenceError):
        await bucket.create("k", b"2")
    await bucket.delete("k")
    assert await bucket.create("k", b"3") == 3


async def test_update_needs_the_revision(bucket):
    first = await bucket.put("k", b"1")
    second = await bucket.update("k", b"2", last=first)
    with pytest.raises(KeyWrongLastSequenceError):
        await bucket.update("k", b"3", last=first)
    assert (await bucket.get("k")).value == b"2"
    assert second == 2


async def test_delete_and_purge(js, bucket, name):
    for i in range(3):
        await bucket.put("k", b"%d" % i)
    await bucket.delete("k")
    with pytest.raises(KeyNotFoundError):
        await bucket.get("k")
    assert (await js.stream_info("KV_" + name)).state.messages == 4
    await bucket.purge("k")
    with pytest.raises(KeyNotFoundError):
        await bucket.get("k")
    assert (await js.stream_info("KV_" + name)).state.messages == 1


async def test_history_keeps_its_length(bucket):
    for i in range(8):
        await bucket.put("k", b"%d" % i)
    assert [entry.value for entry in await bucket.history("k")] == [b"3", b"4", b"5", b"6", b"7"]


async def test_keys(bucket):
    with pytest.raises(NoKeysError):
        await bucket.keys()
    for key in ("a", "b.c", "d"):
        await bucket.put(key, b"")
    await bucket.delete("a")
    assert sorted(await bucket.keys()) == ["b.c", "d"]


async def test_watch_sees_what_is_and_what_comes(bucket, second_client, name):
    await bucket.put("a", b"1")
    await bucket.put("b", b"2")
    await bucket.put("a", b"3")
    watcher = await bucket.watchall()
    first = [await watcher.updates(timeout=10) for _ in range(3)]
    assert [(entry.key, entry.value) if entry else None for entry in first] == [("b", b"2"), ("a", b"3"), None]
    other = await second_client.jetstream().key_value(name)
    await other.put("c", b"4")
    await other.delete("a")
    entry = await watcher.updates(timeout=10)
    assert (entry.key, entry.value, entry.operation) == ("c", b"4", None)
    entry = await watcher.updates(timeout=10)
    assert (entry.key, entry.operation) == ("a", "DEL")
    await watcher.stop()


async def test_watch_of_one_key(bucket):
    watcher = await bucket.watch("a.*")
    assert await watcher.updates(timeout=10) is None
    await bucket.put("b", b"")
    await bucket.put("a.x", b"1")
    assert (await watcher.updates(timeout=10)).key == "a.x"
    await watcher.stop()


async def test_two_writers_of_one_counter_lose_nothing(bucket, second_client, name):
    other = await second_client.jetstream().key_value(name)
    await bucket.put("n", b"0")

    async def add(store, times):
        while times:
            entry = await store.get("n")
            try:
                await store.update("n", b"%d" % (int(entry.value) + 1), last=entry.revision)
                times -= 1
            except KeyWrongLastSequenceError:
                pass

    await asyncio.gather(add(bucket, 50), add(other, 50))
    assert (await bucket.get("n")).value == b"100"


async def test_bucket_survives_a_kill(server, name):
    client = await connect(server)
    bucket = await client.jetstream().create_key_value(bucket=name, history=2)
    for i in range(5):
        await bucket.put("k", b"%d" % i)
    await bucket.put("gone", b"")
    await bucket.delete("gone")
    await client.close()
    server.kill()
    server.start()
    client = await connect(server)
    bucket = await client.jetstream().key_value(name)
    entry = await bucket.get("k")
    assert (entry.value, entry.revision) == (b"4", 5)
    assert [e.value for e in await bucket.history("k")] == [b"3", b"4"]
    with pytest.raises(KeyNotFoundError):
        await bucket.get("gone")
    await client.close()


async def test_delete_bucket(js, bucket, name):
    await js.delete_key_value(name)
    with pytest.raises(BucketNotFoundError):
        await js.key_value(name)
