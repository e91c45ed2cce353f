# Object stores: a stream of chunks and a stream of what they belong to in one. nats.go's commands alternate between two connections, so
# between the shards where there are two.
import base64
import hashlib

import probes
import pytest
from nats.js.api import ObjectMeta, ObjectMetaOptions
from nats.js.errors import BucketNotFoundError, NotFoundError, ObjectNotFoundError

pytestmark = pytest.mark.both("nats-server")

CHUNK = 128 * 1024
NOT_FOUND = {"error": "nats: object not found"}
ALL_THERE = {"update": None}


def content(size):
    """What nats.go's probe puts, too."""
    return bytes(i * 7 % 251 for i in range(size))


def digest(size):
    return "SHA-256=" + base64.urlsafe_b64encode(hashlib.sha256(content(size)).digest()).decode()


def described(name, size, chunk=CHUNK, **more):
    return {"name": name, "size": size, "chunks": -(-size // chunk), "digest": digest(size), "deleted": False, "description": "", **more}


def received(size):
    return {"size": size, "sha256": hashlib.sha256(content(size)).hexdigest()}


@pytest.fixture
def objects(server, name):
    def run(*commands):
        return probes.commands_of_nats_go("objects", server, name, *commands)

    assert run(("make", "pictures")) == []
    return run


@pytest.mark.parametrize("size", [0, 1, CHUNK, CHUNK + 1, (1 << 20) + 77, 5 << 20])
def test_put_and_get(objects, size):
    assert objects(("put", "o", size), ("get", "o"), ("info", "o"), ("get", "o")) == [
        {"object": described("o", size)}, received(size), {"object": described("o", size)}, received(size)]


def test_small_chunks(objects):
    assert objects(("put", "o", 100_000, 100), ("get", "o")) == [{"object": described("o", 100_000, chunk=100)}, received(100_000)]


def test_put_again_replaces_the_chunks(objects, name):
    objects(("put", "o", 3 << 20), ("put", "o", 1 << 20))
    assert objects(("get", "o"), ("info", "o")) == [received(1 << 20), {"object": described("o", 1 << 20)}]
    status, = objects(("status",))
    assert 1 << 20 < status.pop("size") < (1 << 20) + 10_000
    assert status == {"bucket": name, "description": "pictures", "sealed": False, "backing": "JetStream"}


def test_names_are_any_text(objects):
    names = ["a b", "a.b.>", "ümläut/*", "x" * 200]
    for name in names:
        assert objects(("put", name, 10), ("get", name)) == [{"object": described(name, 10)}, received(10)]
    assert [line["object"]["name"] for line in objects(("list",))] == names


def test_list_and_delete(objects):
    assert objects(("list",)) == [{"error": "nats: no objects found"}]
    objects(("put", "a", 10), ("put", "b", 1 << 20), ("put", "c", 30), ("delete", "b"))
    assert objects(("list",)) == [{"object": described("a", 10)}, {"object": described("c", 30)}]
    gone = described("b", 0, digest="", chunks=0, deleted=True)
    assert objects(("list", "deleted"))[-1] == {"object": gone}
    assert objects(("get", "b"), ("info", "b"), ("info", "b", "deleted"), ("delete", "none")) == [NOT_FOUND, NOT_FOUND, {"object": gone}, NOT_FOUND]
    assert objects(("status",))[0]["size"] < 10_000  # the chunks are gone
    assert objects(("put", "b", 5), ("get", "b")) == [{"object": described("b", 5)}, received(5)]


def test_rename(objects):
    objects(("put", "a", 200_000), ("rename", "a", "b", "better"))
    assert objects(("get", "a"), ("get", "b"), ("info", "b")) == [
        NOT_FOUND, received(200_000), {"object": described("b", 200_000, description="better")}]


def test_watch(objects):
    assert objects(("put", "a", 10), ("put", "b", 20), ("put", "a", 30), ("watch", "w"), ("next", "w", 3), ("put", "c", 1 << 20), ("delete", "a"),
                   ("next", "w", 2))[3:] == [
        {"update": described("b", 20)}, {"update": described("a", 30)}, ALL_THERE, {"object": described("c", 1 << 20)},
        {"update": described("c", 1 << 20)}, {"update": described("a", 0, digest="", chunks=0, deleted=True)}]


def test_watch_of_what_comes(objects):
    assert objects(("put", "a", 10), ("watch", "w", "updates"), ("put", "b", 20), ("next", "w", 1))[-1] == {"update": described("b", 20)}


def test_links(objects, server, name):
    link = {"name": "l", "size": 0, "chunks": 0, "digest": "", "deleted": False, "description": ""}
    assert objects(("put", "o", 300_000), ("link", "l", "o"), ("get", "l"), ("info", "l"))[1:] == [
        {"object": {**link, "link": [name, "o"]}}, received(300_000), {"object": {**link, "link": [name, "o"]}}]
    other = name + "-other"
    probes.commands_of_nats_go("objects", server, other, ("make",))
    assert objects(("link-bucket", "m", other)) == [{"object": {**link, "name": "m", "link": [other, ""]}}]


def test_a_sealed_store_is_read_only(objects):
    objects(("put", "a", 200_000), ("seal",))
    assert objects(("status",))[0]["sealed"]
    assert objects(("put", "b", 10), ("get", "a"), ("delete", "a"), ("get", "a")) == [
        {"error": "10109"}, received(200_000), {"error": "10109"}, received(200_000)]


def test_drop(objects):
    objects(("put", "a", 10), ("drop",))
    assert objects(("drop",), ("get", "a")) == [{"error": "10059"}, {"error": "nats: bucket not found"}]


def test_objects_survive_a_kill(objects, server):
    objects(("put", "a", 1 << 20), ("put", "b", 10), ("delete", "b"))
    server.kill()
    server.start()
    assert objects(("get", "a"), ("get", "b"), ("list",)) == [received(1 << 20), NOT_FOUND, {"object": described("a", 1 << 20)}]


# --- nats-py ---

async def test_nats_py_put_get_info(nats_client, second_client, name):
    store = await nats_client.jetstream().create_object_store(bucket=name, description="pictures")
    data = content((1 << 20) + 77)
    info = await store.put("o", data, ObjectMeta(description="noise"))
    assert (info.name, info.size, info.chunks, info.digest, info.description) == ("o", len(data), 9, digest(len(data)), "noise")
    small = await store.put("small", b"x" * 1000, ObjectMeta(options=ObjectMetaOptions(max_chunk_size=300)))
    assert small.chunks == 4
    other = await second_client.jetstream().object_store(name)
    got = await other.get("o")
    assert (got.data, got.info.digest) == (data, info.digest)
    assert (await other.get_info("small")).size == 1000
    assert (await other.get("small")).data == b"x" * 1000
    status = await other.status()
    assert (status.bucket, status.description, status.sealed) == (name, "pictures", False)


async def test_nats_py_list_update_delete(nats_client, name):
    js = nats_client.jetstream()
    store = await js.create_object_store(bucket=name)
    with pytest.raises(NotFoundError):
        await store.list()
    for key in ("a", "b", "c"):
        await store.put(key, content(200_000))
    await store.delete("b")
    await store.update_meta("c", ObjectMeta(name="c", description="better"))
    assert [(entry.name, entry.description) for entry in await store.list(ignore_deletes=True)] == [("a", None), ("c", "better")]
    assert (await store.get("c")).data == content(200_000)
    for gone in ("b", "none"):
        with pytest.raises(ObjectNotFoundError):
            await store.get(gone)
    await js.delete_object_store(name)
    with pytest.raises(BucketNotFoundError):
        await js.object_store(name)


async def test_nats_py_watch(nats_client, second_client, name):
    store = await nats_client.jetstream().create_object_store(bucket=name)
    await store.put("a", b"1")
    watcher = await store.watch()
    assert (await watcher.updates(timeout=10)).name == "a"
    assert await watcher.updates(timeout=10) is None
    other = await second_client.jetstream().object_store(name)
    await other.put("b", content(1 << 20))
    await other.delete("a")
    assert (await watcher.updates(timeout=10)).name == "b"
    update = await watcher.updates(timeout=10)
    assert (update.name, update.deleted) == ("a", True)
    await watcher.stop()


async def test_across_the_clients(nats_client, server, objects, name):
    store = await nats_client.jetstream().object_store(name)
    await store.put("from python", content(300_000))
    objects(("put", "from go", 1 << 20))
    assert objects(("get", "from python")) == [received(300_000)]
    assert (await store.get("from go")).data == content(1 << 20)
