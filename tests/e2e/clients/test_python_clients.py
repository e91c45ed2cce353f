# kafka-python and aiokafka: two more implementations of the protocol, which ask for other versions than librdkafka does.
import asyncio

import kafka
import pytest
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer
from kafka_clients import create_topic, produce, read

pytestmark = pytest.mark.both("kafka")


@pytest.mark.parametrize("codec", [None, "gzip", "snappy", "lz4", "zstd"])
def test_kafka_python_produces_and_consumes(server, name, codec):
    create_topic(server, name)
    producer = kafka.KafkaProducer(bootstrap_servers=server.kafka_address, compression_type=codec, acks="all")
    sent = [producer.send(name, b"value-%d" % i, key=b"k", headers=[("h", b"%d" % i)], partition=0) for i in range(200)]
    assert [future.get(30).offset for future in sent] == list(range(200))
    producer.close()
    consumer = kafka.KafkaConsumer(name, bootstrap_servers=server.kafka_address, group_id=name, auto_offset_reset="earliest", consumer_timeout_ms=30000)
    got = [next(consumer) for _ in range(200)]
    assert [(m.offset, m.value, m.headers) for m in got] == [(i, b"value-%d" % i, [("h", b"%d" % i)]) for i in range(200)]
    consumer.commit()
    assert consumer.committed(kafka.TopicPartition(name, 0)) == 200
    consumer.close()


async def test_aiokafka_produces_and_consumes(server, name):
    await asyncio.to_thread(create_topic, server, name)
    producer = AIOKafkaProducer(bootstrap_servers=server.kafka_address, enable_idempotence=True)
    await producer.start()
    stored = [await producer.send_and_wait(name, b"value-%d" % i, key=b"k", partition=0) for i in range(100)]
    await producer.stop()
    assert [m.offset for m in stored] == list(range(100))
    consumer = AIOKafkaConsumer(name, bootstrap_servers=server.kafka_address, group_id=name, auto_offset_reset="earliest", enable_auto_commit=False)
    await consumer.start()
    async with asyncio.timeout(60):
        got = [await consumer.getone() for _ in range(100)]
        await consumer.commit()
    await consumer.stop()
    assert [m.value for m in got] == [b"value-%d" % i for i in range(100)]


def test_what_librdkafka_produced_they_read(server, name):
    create_topic(server, name)
    produce(server, name, [(b"k", b"%d" % i) for i in range(100)], compression_type="zstd")
    consumer = kafka.KafkaConsumer(bootstrap_servers=server.kafka_address, auto_offset_reset="earliest", consumer_timeout_ms=30000)
    consumer.assign([kafka.TopicPartition(name, 0)])
    assert [next(consumer).value for _ in range(100)] == [b"%d" % i for i in range(100)]
    consumer.close()
    assert len(read(server, name, 100)) == 100
