# What a consumer acknowledged stays acknowledged: after a clean stop, and after a kill.
import pytest
from nats.js.api import AckPolicy, ConsumerConfig
from nats_clients import connect


async def acknowledge_then_restart(server, stream, end):
    """Six of ten messages are delivered, all but the third acknowledged; then the server ends in that way and starts again."""
    client = await connect(server)
    js = client.jetstream()
    await js.add_stream(name=stream, subjects=["a"])
    for i in range(10):
        await js.publish("a", b"%d" % i)
    await js.add_consumer(stream, ConsumerConfig(durable_name="d", ack_policy=AckPolicy.EXPLICIT))
    subscription = await js.pull_subscribe_bind("d", stream)
    taken = []
    while len(taken) < 6:
        taken += await subscription.fetch(6 - len(taken), timeout=5)
    for message in taken:
        if message.data != b"2":
            await message.ack_sync()
    await client.close()
    end()
    server.start()

    client = await connect(server)
    js = client.jetstream()
    info = await js.consumer_info(stream, "d")
    assert (info.ack_floor.stream_seq, info.delivered.stream_seq, info.num_ack_pending) == (2, 6, 1)
    subscription = await js.pull_subscribe_bind("d", stream)
    rest = []
    while len(rest) < 4:
        rest += await subscription.fetch(4 - len(rest), timeout=5)
    assert [int(m.data) for m in rest] == [6, 7, 8, 9]
    await client.close()


@pytest.mark.both("nats-server")
async def test_acknowledgements_survive_a_restart(server, name):
    await acknowledge_then_restart(server, name, server.stop)


async def test_acknowledgements_survive_a_kill(server, name):
    # nats-server 2.15 forgets them: it writes consumer state some time later.
    await acknowledge_then_restart(server, name, server.kill)
