# Clients that write until the server dies, and remember what it acknowledged. Each is a thread with a connection of its own.
import asyncio
import itertools
import threading

from confluent_kafka import ConsumerGroupTopicPartitions, KafkaException, Producer, TopicPartition
from confluent_kafka.admin import AdminClient
from nats.errors import Error as NatsError
from nats.js.api import AckPolicy, ConsumerConfig
from nats_clients import connect

STREAM, BUCKET, TOPIC, DURABLE, GROUP = "crash", "crash", "crash-kafka", "crash-durable", "crash-group"
PARTITIONS = 2
KEYS = 50
WINDOW = 200
PAD = "." * 100


def body(writer, number):
    """What a writer writes: unique, and long enough to tear."""
    return f"{writer}:{number}:{PAD}".encode()


class Writer(threading.Thread):
    """One round of a writer. `life` is what outlives the round: numbers that are used once, and what was acknowledged."""

    def __init__(self, server, killed, life):
        super().__init__(daemon=True)
        self.server, self.killed, self.life = server, killed, life

    def run(self):
        """Every way in which a dying server shows itself ends the round; anything else is a problem of the test and is kept."""
        try:
            self.work()
        except (OSError, NatsError, KafkaException, asyncio.TimeoutError) as end:
            if not self.killed.wait(10):
                self.life.problems.append(f"{type(self).__name__} ended before the kill: {end!r}")
        except Exception as error:  # noqa: BLE001
            self.life.problems.append(f"{type(self).__name__}: {error!r}")


class Life:
    """Of one writer over all rounds."""

    def __init__(self, name):
        self.name = name
        self.numbers = itertools.count()
        self.acknowledged = {}  # number, or what the writer counts by -> where the server said it is
        self.problems = []


class NatsWriter(Writer):
    def work(self):
        asyncio.run(self.until_killed())

    async def until_killed(self):
        """nats-py 2.16 may wait for ever when its server dies while it connects, so the kill itself ends the round."""
        tasks = [asyncio.create_task(self.connect_and_write()), asyncio.create_task(asyncio.to_thread(self.killed.wait))]
        done, waiting = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        for task in waiting:
            task.cancel()
        for task in done:
            task.result()

    async def connect_and_write(self):
        await self.write(await connect(self.server))

    async def write(self, client):
        raise NotImplementedError


class OneByOne(NatsWriter):
    async def write(self, client):
        js = client.jetstream()
        for number in self.life.numbers:
            ack = await js.publish(f"{STREAM}.{number % 3}", body(self.life.name, number))
            self.life.acknowledged[number] = ack.seq


class Asynchronous(NatsWriter):
    async def write(self, client):
        js, room = client.jetstream(), asyncio.Semaphore(WINDOW)

        def acknowledged(number, future):
            room.release()
            if not future.cancelled() and future.exception() is None:
                self.life.acknowledged[number] = future.result().seq

        for number in self.life.numbers:
            await room.acquire()
            future = await js.publish_async(f"{STREAM}.{number % 3}", body(self.life.name, number))
            future.add_done_callback(lambda done, number=number: acknowledged(number, done))


class Putter(NatsWriter):
    async def write(self, client):
        bucket = await client.jetstream().key_value(BUCKET)
        for number in self.life.numbers:
            self.life.acknowledged[number] = await bucket.put(f"k{number % KEYS}", body(self.life.name, number))


class Acknowledger(NatsWriter):
    """Takes messages of the stream; one that was acknowledged, and the acknowledgement confirmed, must not come again."""

    async def write(self, client):
        js = client.jetstream()
        await js.add_consumer(STREAM, ConsumerConfig(durable_name=DURABLE, ack_policy=AckPolicy.EXPLICIT, ack_wait=5))
        subscription = await js.pull_subscribe_bind(DURABLE, STREAM)
        while True:
            try:
                messages = await subscription.fetch(50, timeout=1)
            except asyncio.TimeoutError:
                continue
            for message in messages:
                sequence = message.metadata.sequence.stream
                if sequence in self.life.acknowledged:
                    self.life.problems.append(f"sequence {sequence} came again after its acknowledgement was confirmed")
                await message.ack_sync(timeout=5)
                self.life.acknowledged[sequence] = True


class Producing(Writer):
    def work(self):
        producer = Producer({"bootstrap.servers": self.server.kafka_address, "acks": "all", "enable.idempotence": True, "linger.ms": 1,
                             "queue.buffering.max.messages": 10 * WINDOW, "logger": QUIET})

        def delivered(number, error, message):
            if error is None:
                self.life.acknowledged[number] = (message.partition(), message.offset())

        for number in self.life.numbers:
            if self.killed.is_set():
                break
            while len(producer) >= WINDOW and not self.killed.is_set():
                producer.poll(0.01)
            producer.produce(TOPIC, body(self.life.name, number), partition=number % PARTITIONS,
                             on_delivery=lambda error, message, number=number: delivered(number, error, message))
            producer.poll(0)
        producer.purge(in_queue=True, in_flight=True)
        producer.flush(10)


class Committer(Writer):
    """Commits growing offsets; the last one that was confirmed is the least that must be there afterwards. By the admin client, whose
    commits have a deadline: a consumer's wait for a coordinator that is gone has none."""

    def work(self):
        client = AdminClient({"bootstrap.servers": self.server.kafka_address, "logger": QUIET})
        for number in self.life.numbers:
            offsets = ConsumerGroupTopicPartitions(GROUP, [TopicPartition(TOPIC, 0, number)])
            committed = client.alter_consumer_group_offsets([offsets], request_timeout=10)[GROUP]
            while not committed.done():
                if self.killed.wait(0.0005):
                    return
            committed.result()
            self.life.acknowledged[0] = number


class Quiet:
    """librdkafka tells its logger that the server is gone; that is what this test is about."""

    def __getattr__(self, _):
        return lambda *arguments, **options: None


QUIET = Quiet()

NATS_WRITERS = {"one-by-one": OneByOne, "asynchronous": Asynchronous, "put": Putter}
FIRTH_WRITERS = {**NATS_WRITERS, "acknowledge": Acknowledger, "produce": Producing, "commit": Committer}
