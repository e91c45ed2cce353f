# Streams with nats-py: create, update, list, purge and delete them, and what their information says.
import pytest
from nats.js.api import DiscardPolicy, RetentionPolicy, StorageType, StreamConfig
from nats.js.errors import BadRequestError, NotFoundError
from nats_clients import connect

pytestmark = pytest.mark.both("nats-server")


@pytest.fixture
async def js(nats_client):
    return nats_client.jetstream()


async def refused(coroutine, error=BadRequestError):
    with pytest.raises(error) as caught:
        await coroutine
    return caught.value.err_code


async def test_a_new_stream_is_empty_and_has_the_defaults(js, name):
    info = await js.add_stream(name=name, subjects=["a.>"])
    config = info.config
    assert info.did_create
    assert (config.name, config.subjects) == (name, ["a.>"])
    assert (config.retention, config.storage, config.discard) == (RetentionPolicy.LIMITS, StorageType.FILE, DiscardPolicy.OLD)
    assert (config.max_msgs, config.max_bytes, config.max_consumers, config.max_msgs_per_subject) == (-1, -1, -1, -1)
    assert (config.max_age, config.max_msg_size, config.num_replicas, config.duplicate_window) == (0, -1, 1, 120)
    assert (info.state.messages, info.state.first_seq, info.state.last_seq, info.state.consumer_count) == (0, 0, 0, 0)


async def test_subject_defaults_to_the_name(js, name):
    assert (await js.add_stream(name=name)).config.subjects == [name]


async def test_the_same_create_again_is_no_error(js, name):
    await js.add_stream(name=name, subjects=["a"])
    await js.publish("a", b"")
    again = await js.add_stream(name=name, subjects=["a"])
    assert again.did_create  # nats-server 2.15 says so although it was there
    assert again.state.messages == 1


async def test_a_different_create_is_refused(js, name):
    await js.add_stream(name=name, subjects=["a"])
    assert await refused(js.add_stream(name=name, subjects=["b"])) == 10058


async def test_overlapping_subjects_are_refused(js, name):
    await js.add_stream(name=name, subjects=["a.*"])
    assert await refused(js.add_stream(name=name + "2", subjects=["a.b"])) == 10065


@pytest.mark.parametrize("bad", ["has.dot", "has space", "star*", "more>"])
async def test_bad_names_are_refused_by_the_client(js, bad):
    with pytest.raises(ValueError):
        await js.add_stream(name=bad)


async def test_unknown_streams(js):
    assert await refused(js.stream_info("nothing"), NotFoundError) == 10059
    assert await refused(js.delete_stream("nothing"), NotFoundError) == 10059
    assert await refused(js.purge_stream("nothing"), NotFoundError) == 10059
    assert await refused(js.update_stream(StreamConfig(name="nothing", subjects=["x"])), NotFoundError) == 10059


async def test_update_changes_what_may_change(js, name):
    await js.add_stream(name=name, subjects=["a"])
    for i in range(5):
        await js.publish("a", b"%d" % i)
    info = await js.update_stream(name=name, subjects=["a", "b"], max_msgs=3, description="shorter")
    assert (info.config.subjects, info.config.max_msgs, info.config.description) == (["a", "b"], 3, "shorter")
    assert (info.state.messages, info.state.first_seq, info.state.last_seq) == (3, 3, 5)
    assert (await js.publish("b", b"")).seq == 6


async def test_update_refuses_another_storage(js, name):
    await js.add_stream(name=name, subjects=["a"])
    error = await refused(js.update_stream(name=name, subjects=["a"], storage=StorageType.MEMORY), Exception)
    assert error == 10052


async def test_names_and_infos_list_every_stream(js):
    for i in range(12):
        await js.add_stream(name=f"s{i:02}", subjects=[f"s{i:02}.>"])
    infos = await js.streams_info()
    assert sorted(info.config.name for info in infos) == [f"s{i:02}" for i in range(12)]
    assert await js.find_stream_name_by_subject("s07.x") == "s07"


async def test_find_by_subject_of_nobody(js):
    with pytest.raises(NotFoundError):
        await js.find_stream_name_by_subject("nobody")


async def test_state_counts_messages_subjects_and_bytes(js, name):
    await js.add_stream(name=name, subjects=["a.*"])
    for subject in ("a.x", "a.y", "a.x"):
        await js.publish(subject, b"12345678")
    info = await js.stream_info(name, subjects_filter=">")
    assert (info.state.messages, info.state.first_seq, info.state.last_seq) == (3, 1, 3)
    assert info.state.bytes == 3 * (22 + 3 + 8 + 8)
    assert info.state.subjects == {"a.x": 2, "a.y": 1}


async def test_purge_all_by_subject_up_to_a_sequence_and_keeping_some(js, name):
    await js.add_stream(name=name, subjects=["a.*"])

    async def state():
        found = (await js.stream_info(name)).state
        return found.messages, found.first_seq, found.last_seq

    for i in range(12):
        await js.publish(f"a.{i % 2}", b"")
    await js.purge_stream(name, subject="a.0", keep=2)
    assert await state() == (8, 2, 12)
    await js.purge_stream(name, seq=5)
    assert await state() == (6, 6, 12)
    await js.purge_stream(name, keep=1)
    assert await state() == (1, 12, 12)
    await js.purge_stream(name)
    assert await state() == (0, 13, 12)
    assert (await js.publish("a.0", b"")).seq == 13


async def test_deleted_messages_leave_a_hole(js, name):
    await js.add_stream(name=name, subjects=["a"])
    for i in range(5):
        await js.publish("a", b"%d" % i)
    await js.delete_msg(name, 3)
    state = (await js.stream_info(name)).state
    assert (state.messages, state.first_seq, state.last_seq, state.num_deleted) == (4, 1, 5, 1)
    assert await refused(js.get_msg(name, 3), NotFoundError) == 10037
    await js.delete_msg(name, 1)
    assert (await js.stream_info(name)).state.first_seq == 2


async def test_delete_forgets_everything(js, name):
    await js.add_stream(name=name, subjects=["a"])
    await js.publish("a", b"")
    assert await js.delete_stream(name)
    info = await js.add_stream(name=name, subjects=["a"])
    assert (info.state.messages, info.state.last_seq) == (0, 0)
    assert (await js.publish("a", b"")).seq == 1


@pytest.mark.parametrize("storage", [StorageType.FILE, StorageType.MEMORY])
async def test_limits_drop_the_oldest(js, name, storage):
    await js.add_stream(name=name, subjects=["a.*"], max_msgs=10, max_msgs_per_subject=3, storage=storage)
    for i in range(30):
        await js.publish(f"a.{i % 5}", b"%d" % i)
    state = (await js.stream_info(name)).state
    assert (state.messages, state.first_seq, state.last_seq) == (10, 21, 30)


async def test_discard_new_refuses_what_does_not_fit(js, name):
    await js.add_stream(name=name, subjects=["a"], max_msgs=2, discard=DiscardPolicy.NEW)
    await js.publish("a", b"1")
    await js.publish("a", b"2")
    assert await refused(js.publish("a", b"3"), Exception) == 10077
    assert (await js.stream_info(name)).state.last_seq == 2


async def test_everything_is_there_after_a_restart_and_after_a_kill(server, name):
    for end in (server.stop, server.kill):
        client = await connect(server)
        js = client.jetstream()
        await js.add_stream(name=name, subjects=["a.*"], max_msgs_per_subject=2, description="kept")
        before = (await js.stream_info(name)).state
        for i in range(10):
            await js.publish(f"a.{i}", b"%d" % i)
        await client.close()
        end()
        server.start()
        client = await connect(server)
        js = client.jetstream()
        info = await js.stream_info(name)
        assert info.config.description == "kept"
        assert (info.state.first_seq, info.state.last_seq) == (1, before.last_seq + 10)
        for i in range(10):
            message = await js.get_msg(name, before.last_seq + 1 + i)
            assert (message.subject, message.data) == (f"a.{i}", b"%d" % i)
        await client.close()


async def test_account_info_counts_streams_and_consumers(js, name):
    await js.add_stream(name=name, subjects=["a"])
    await js.pull_subscribe("a", durable="d")
    info = await js.account_info()
    assert (info.streams, info.consumers) == (1, 1)
