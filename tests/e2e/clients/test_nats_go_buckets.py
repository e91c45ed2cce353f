# Key-value buckets by nats.go. Its commands alternate between two connections, so between the shards where there are two.
import probes
import pytest

pytestmark = pytest.mark.both("nats-server")

WRONG_LAST_SEQUENCE = {"error": "10071"}
NOT_FOUND = {"error": "nats: key not found"}


@pytest.fixture
def kv(server, name):
    def run(*commands):
        return probes.commands_of_nats_go("kv", server, name, *commands)

    assert run(("make", 5, "colours of things")) == []
    return run


def entry(key, value, revision, operation="put"):
    return {"entry": [key, value, revision, operation]}


def update(key, value, revision, operation="put"):
    return {"update": [key, value, revision, operation]}


ALL_THERE = {"update": None}


def test_put_and_get(kv):
    assert kv(("put", "sky", "grey"), ("put", "sea", "green"), ("put", "sky", "blue")) == [{"revision": i} for i in (1, 2, 3)]
    assert kv(("get", "sky"), ("get", "sky", 1), ("get", "sea"), ("get", "sky", 2), ("get", "land"), ("get", "sky", 9)) == [
        entry("sky", "blue", 3), entry("sky", "grey", 1), entry("sea", "green", 2), NOT_FOUND, NOT_FOUND, NOT_FOUND]


def test_empty_values_and_odd_keys(kv):
    assert kv(("put", "a.b.c", ""), ("put", "=/-_", "x"), ("get", "a.b.c"), ("get", "=/-_")) == [
        {"revision": 1}, {"revision": 2}, entry("a.b.c", "", 1), entry("=/-_", "x", 2)]


def test_create_only_once_and_again_after_a_delete(kv):
    assert kv(("create", "k", "1"), ("create", "k", "2")) == [{"revision": 1}, WRONG_LAST_SEQUENCE]
    assert kv(("delete", "k"), ("create", "k", "3"), ("get", "k")) == [{"revision": 3}, entry("k", "3", 3)]
    assert kv(("purge", "k"), ("create", "k", "4"), ("get", "k")) == [{"revision": 5}, entry("k", "4", 5)]


def test_update_needs_the_revision(kv):
    assert kv(("put", "k", "1"), ("put", "other", "x"), ("update", "k", "2", 1)) == [{"revision": 1}, {"revision": 2}, {"revision": 3}]
    assert kv(("update", "k", "3", 1), ("update", "k", "3", 2), ("update", "k", "3", 0), ("get", "k")) == [
        WRONG_LAST_SEQUENCE, WRONG_LAST_SEQUENCE, WRONG_LAST_SEQUENCE, entry("k", "2", 3)]
    assert kv(("update", "new", "1", 0), ("get", "new")) == [{"revision": 4}, entry("new", "1", 4)]


def test_delete_and_purge_if_nobody_wrote_since(kv):
    kv(("put", "k", "1"), ("put", "k", "2"))
    assert kv(("delete", "k", 1), ("get", "k"), ("delete", "k", 2), ("get", "k")) == [WRONG_LAST_SEQUENCE, entry("k", "2", 2), NOT_FOUND]
    assert kv(("purge", "k", 2), ("status",))[0] == WRONG_LAST_SEQUENCE
    assert kv(("purge", "k", 3), ("get", "k"), ("history", "k")) == [NOT_FOUND, entry("k", "", 4, "purge")]


def test_history_keeps_its_length_and_what_was_deleted(kv):
    kv(*[("put", "k", i) for i in range(6)], ("put", "other", "x"), ("delete", "k"))
    assert kv(("history", "k"), ("history", "none")) == [
        *[entry("k", str(i), i + 1) for i in range(2, 6)], entry("k", "", 8, "delete"), NOT_FOUND]
    assert kv(("purge", "k"), ("history", "k")) == [entry("k", "", 9, "purge")]


def test_keys(kv):
    assert kv(("keys",)) == [{"error": "nats: no keys found"}]
    kv(("put", "a.x", "1"), ("put", "a.y", "1"), ("put", "b.x", "1"), ("put", "gone", "1"), ("delete", "gone"), ("put", "c", "1"), ("purge", "c"))
    assert kv(("keys",), ("keys", "a.*"), ("keys", "*.x", "gone"), ("keys", "nothing")) == [
        {"keys": ["a.x", "a.y", "b.x"]}, {"keys": ["a.x", "a.y"]}, {"keys": ["a.x", "b.x"]}, {"keys": []}]


def test_purge_deletes_leaves_what_is_alive(kv):
    kv(("put", "a", "1"), ("put", "b", "1"), ("delete", "b"), ("put", "c", "1"), ("purge", "c"), ("purge-deletes",))
    status, = kv(("status",))
    assert status["values"] == 1
    assert kv(("get", "a"), ("get", "b"), ("history", "b")) == [entry("a", "1", 1), NOT_FOUND, NOT_FOUND]


def test_watch_of_all_sees_what_is_and_what_comes(kv):
    assert kv(("put", "a", "1"), ("put", "b", "2"), ("put", "a", "3"),
              ("watch", "w", ">"), ("next", "w", 3),
              ("put", "c", "4"), ("delete", "a"), ("purge", "b"), ("next", "w", 3))[3:] == [
        update("b", "2", 2), update("a", "3", 3), ALL_THERE,
        {"revision": 4}, update("c", "4", 4), update("a", "", 5, "delete"), update("b", "", 6, "purge")]


def test_watch_from_history(kv):
    assert kv(("put", "a", "1"), ("put", "b", "2"), ("put", "a", "3"), ("delete", "b"),
              ("watch", "w", ">", "history"), ("next", "w", 5), ("put", "b", "5"), ("next", "w", 1))[3:] == [
        update("a", "1", 1), update("b", "2", 2), update("a", "3", 3), update("b", "", 4, "delete"), ALL_THERE, {"revision": 5}, update("b", "5", 5)]


def test_watch_of_keys(kv):
    assert kv(("put", "a.x", "1"), ("put", "b", "2"), ("watch", "w", "a.*"), ("watch", "b", "b"), ("next", "w", 2), ("next", "b", 2),
              ("put", "c", "3"), ("put", "b", "4"), ("put", "a.y", "5"), ("next", "w", 1), ("next", "b", 1)) == [
        {"revision": 1}, {"revision": 2}, update("a.x", "1", 1), ALL_THERE, update("b", "2", 2), ALL_THERE,
        {"revision": 3}, {"revision": 4}, {"revision": 5}, update("a.y", "5", 5), update("b", "4", 4)]


@pytest.mark.parametrize("option, seen", [
    ("updates", [update("new", "n", 5)]),
    ("no-deletes", [update("a", "3", 3), ALL_THERE, update("new", "n", 5)]),
    ("meta", [update("a", "", 3), update("b", "", 4, "delete"), ALL_THERE, update("new", "", 5)]),
    ("3", [update("a", "3", 3), update("b", "", 4, "delete"), ALL_THERE, update("new", "n", 5)]),
])
def test_watch_with_options(kv, option, seen):
    kv(("put", "a", "1"), ("put", "b", "2"), ("put", "a", "3"), ("delete", "b"))
    assert kv(("watch", "w", ">", option), ("put", "new", "n"), ("next", "w", len(seen))) == [{"revision": 5}, *seen]


def test_watch_of_an_empty_bucket(kv):
    assert kv(("watch", "w", ">"), ("next", "w", 1), ("put", "a", "1"), ("next", "w", 1)) == [ALL_THERE, {"revision": 1}, update("a", "1", 1)]


def test_status(kv, name):
    kv(("put", "k", "1"), ("put", "k", "2"), ("delete", "k"))
    status, = kv(("status",))
    assert status.pop("bytes") > 0
    assert status == {"bucket": name, "values": 3, "history": 5, "ttl_s": 0, "backing": "JetStream", "compressed": False,
                      "description": "colours of things"}


def test_the_bucket_itself(kv, server, name):
    assert kv(("make", 5, "colours of things"), ("make", 3)) == [{"error": "10058"}]
    kv(("put", "k", "1"), ("put", "k", "2"), ("put", "k", "3"), ("change", 2, "other", "s2", "1h"))
    status, *entries = kv(("status",), ("history", "k"))
    assert (status["history"], status["description"], status["compressed"], status["ttl_s"]) == (2, "other", True, 3600)
    assert entries == [entry("k", "2", 2), entry("k", "3", 3)]
    assert kv(("names",)) == [{"keys": [name]}]
    assert kv(("drop",), ("drop",), ("get", "k"), ("names",)) == [{"error": "10059"}, {"error": "nats: bucket not found"}, {"keys": []}]


def test_a_bucket_survives_a_kill(kv, server):
    kv(*[("put", "k", i) for i in range(4)], ("put", "gone", "x"), ("purge", "gone"))
    server.kill()
    server.start()
    assert kv(("history", "k"), ("get", "gone"), ("update", "k", "new", 4), ("keys",)) == [
        *[entry("k", str(i), i + 1) for i in range(4)], NOT_FOUND, {"revision": 7}, {"keys": ["k"]}]
