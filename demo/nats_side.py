"""The NATS clients of the demo (nats-py): they publish the flights and the planes, watch the totals live, and replay the stream."""

import asyncio
from collections import Counter

from nats.js.api import AckPolicy, ConsumerConfig

STREAM = "flights"
BUCKET = "planes"
TOTALS_SUBJECTS = "totals.*"  # totals.<carrier>, by nats.subject of the Kafka topic
WINDOW = 2000                 # publishes that wait for their acknowledgement
FETCH = 1000
FAIR = 100


async def prepare(client):
    js = client.jetstream()
    await js.add_stream(name=STREAM, subjects=["flights.>"])
    await js.create_key_value(bucket=BUCKET)


async def publish(client, flights, progress, name):
    """Each flight into the stream, and as the latest state of its plane into the bucket. Returns when all is acknowledged, that is on disk."""
    js = client.jetstream(publish_async_max_pending=WINDOW)
    refused = []
    acknowledged = 0

    def on_ack(future):
        nonlocal acknowledged
        if future.cancelled() or future.exception():
            refused.append(future)
        else:
            acknowledged += 1
            progress.reached(name, acknowledged)

    for number, flight in enumerate(flights):
        if number % FAIR == 0:
            await asyncio.sleep(0)  # a publish that finds room in the window lets nobody else run
        (await js.publish_async(flight.subject, flight.message)).add_done_callback(on_ack)
        if flight.plane:
            await js.publish_async(f"$KV.{BUCKET}.{flight.plane}", flight.message)
    await js.publish_async_completed()
    while acknowledged + len(refused) < len(flights):
        await asyncio.sleep(0)  # the last callbacks are scheduled, not run
    if refused:
        raise RuntimeError(f"{len(refused)} flights were refused, the first with {refused[0].exception()!r}")


async def watch_totals(client, count, ready, progress, name):
    """The latest total of each carrier, as a core subscriber hears them: live, from a topic that only a Kafka client writes to."""
    latest = {}
    subscription = await client.subscribe(TOTALS_SUBJECTS)
    await client.flush()
    ready.set()
    while sum(latest.values()) < count:
        message = await subscription.next_msg(timeout=None)
        latest[message.subject.split(".")[1]] = int(message.data)
        progress.reached(name, sum(latest.values()))
    await subscription.unsubscribe()
    return Counter(latest)


async def replay(client, durable, count, progress, name):
    """Flights by carrier, through a durable consumer that starts with the first message of the stream."""
    js = client.jetstream()
    config = ConsumerConfig(ack_policy=AckPolicy.ALL, max_ack_pending=10 * FETCH)
    subscription = await js.pull_subscribe("flights.>", durable=durable, stream=STREAM, config=config)
    counts = Counter()
    seen = 0
    while seen < count:
        try:
            messages = await subscription.fetch(min(FETCH, count - seen), timeout=5)
        except asyncio.TimeoutError:
            messages = []
        if not messages:
            continue  # the publisher is slower
        counts.update(message.subject.split(".")[2] for message in messages)
        seen += len(messages)
        await messages[-1].ack()  # and with it all before
        progress.reached(name, seen)
    return counts


async def read_bucket(client, planes, progress, name):
    """The state of each of the planes. Asked for by a few at once, as a service would."""
    bucket = await client.jetstream().key_value(BUCKET)
    states = {}
    left = iter(planes)

    async def ask():
        for plane in left:
            states[plane] = (await bucket.get(plane)).value
            progress.reached(name, round(len(states) * progress.total / len(planes)))

    await asyncio.gather(*(ask() for _ in range(50)))
    return states
