# Kills the server with SIGKILL at random moments while clients of both faces write, and checks after each restart that what it
# acknowledged is there. A kill keeps what was handed to the kernel: lost power is the simulation's subject (tests/sim).
import asyncio
import os
import random
import subprocess
import threading

import checks
import pytest
import servers
from confluent_kafka.admin import AdminClient, NewTopic
from nats_clients import connect
from writers import BUCKET, FIRTH_WRITERS, NATS_WRITERS, PARTITIONS, STREAM, TOPIC, Life

PEER = os.environ.get("FIRTH_PEER", "")
KILLS = int(os.environ.get("FIRTH_KILLS", "20"))
KILLS_A_DIRECTORY = 20
ROUND_DEADLINE_S = 60


async def create(server, has_kafka):
    client = await connect(server)
    await client.jetstream().add_stream(name=STREAM, subjects=[f"{STREAM}.*"])
    await client.jetstream().create_key_value(bucket=BUCKET, history=3)
    await client.close()
    if has_kafka:
        admin = AdminClient({"bootstrap.servers": server.kafka_address})  # lives until it has answered: its futures do not keep it
        admin.create_topics([NewTopic(TOPIC, PARTITIONS, 1)])[TOPIC].result(30)


def acknowledged(lives):
    return sum(len(life.acknowledged) for life in lives.values())


def write_until_killed(server, kinds, lives, more):
    """All writers at once; the kill comes when `more` further writes are acknowledged."""
    killed = threading.Event()
    writers = [kind(server, killed, lives[name]) for name, kind in kinds.items()]
    target = acknowledged(lives) + more
    for writer in writers:
        writer.start()
    try:
        servers.wait_until(lambda: acknowledged(lives) >= target or not any(map(threading.Thread.is_alive, writers)), ROUND_DEADLINE_S,
                           f"{more} acknowledged writes")
    finally:
        server.kill()
        killed.set()
        for writer in writers:
            writer.join(ROUND_DEADLINE_S)
    assert not any(writer.is_alive() for writer in writers)


def verify_log(server):
    """The offline check of every file; it never writes."""
    done = subprocess.run([server.binary(), "log", "verify", server.directory / "data"], capture_output=True, text=True)
    return [] if done.returncode == 0 else [f"firth log verify: {done.stdout[-2000:]}{done.stderr[-2000:]}"]


def kill_and_check(server, kills, chance, lives, kinds):
    """The problems found; ends with the first kill after which there are any."""
    with server:
        asyncio.run(create(server, not PEER))
        for _ in range(kills):
            write_until_killed(server, kinds, lives, chance.choice([1, chance.randrange(100), chance.randrange(2000)]))
            problems = [] if PEER else verify_log(server)
            server.start()
            problems += asyncio.run(checks.check_all(server, lives, not PEER))
            problems += [problem for life in lives.values() for problem in life.problems]
            if problems:
                return problems
        server.stop()
    return []


@pytest.mark.parametrize("shards", [1] if PEER else [1, 2])
def test_what_was_acknowledged_survives_kills(shards, tmp_path, capsys):
    """All is read back after every kill, so a directory lives for KILLS_A_DIRECTORY of them only."""
    seed = int(os.environ.get("FIRTH_SEED", random.SystemRandom().randrange(1_000_000)))
    chance = random.Random(seed)
    kinds = NATS_WRITERS if PEER else FIRTH_WRITERS
    writes = 0
    for done in range(0, KILLS, KILLS_A_DIRECTORY):
        lives = {name: Life(name) for name in kinds}
        server = servers.make(PEER or "firth", tmp_path / f"server-{done}", **({} if PEER else {"shards": shards}))
        problems = kill_and_check(server, min(KILLS_A_DIRECTORY, KILLS - done), chance, lives, kinds)
        writes += acknowledged(lives)
        assert not problems, f"seed {seed}\n" + "\n".join(problems[:20]) + "\n" + server.log(50)
    with capsys.disabled():
        print(f"\ncrash: {KILLS} kills, {writes} acknowledged writes, 0 losses, shards {shards}, seed {seed}")
