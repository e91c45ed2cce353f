"""`./run demo`: what teams build today with NATS, Kafka and a bridge between them, with one server. See README.md, "The demo".

  nats-py publishes   --> stream `flights` --> Kafka consumer --> topic `totals`, 4 partitions --> Kafka group of two
          |                       |                                        |
          +--> bucket `planes`    +--> JetStream durable                   +--> core NATS subscriber, live

Then the server is killed with -9, started again, and everything is counted again. Every count must be that of the file.
"""

import argparse
import asyncio
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tests"))

import flights as data
import kafka_side
import nats
import nats_side
import servers
from progress import Progress

PUBLISH, TOTALS, GROUP, LIVE, REPLAY, PLANES = "published", "totalled", "group", "live", "replayed", "planes"
READERS = {
    TOTALS: "Kafka consumer of the stream",
    GROUP: "Kafka group of two, totals",
    LIVE: "core NATS subscriber, totals live",
    REPLAY: "JetStream durable, replayed",
}


async def run_all(server, count, round_name, progress, publishing):
    """Every reader at once, and the publisher if there is one. Counts by carrier, by reader."""
    clients = [await nats.connect(server.nats_url) for _ in range(3)]
    group = kafka_side.Group(server.kafka_address, f"watchers-{round_name}", count, progress, GROUP)
    listening = asyncio.Event()

    async def totals():
        await listening.wait()  # what a core subscriber has not heard it never hears
        await asyncio.to_thread(group.shared.wait, kafka_side.DEADLINE_S)
        return await asyncio.to_thread(
            kafka_side.keep_totals, server.kafka_address, f"totals-{round_name}", count, progress, TOTALS)

    async with asyncio.TaskGroup() as tasks:
        watch = tasks.create_task(progress.watch())
        async with asyncio.TaskGroup() as work:
            live = work.create_task(nats_side.watch_totals(clients[0], count, listening, progress, LIVE))
            replay = work.create_task(nats_side.replay(clients[1], f"replay-{round_name}", count, progress, REPLAY))
            for member in range(kafka_side.MEMBERS):
                work.create_task(asyncio.to_thread(group.run_member, member))
            totalled = work.create_task(totals())
            if publishing is not None:
                work.create_task(publishing(clients[2]))
        watch.cancel()
    for client in clients:
        await client.close()
    return {TOTALS: totalled.result(), GROUP: Counter(group.latest), LIVE: live.result(), REPLAY: replay.result()}


async def check_planes(server, expected):
    """The number of planes in the bucket whose state is not that of their last flight, and how many were read a second."""
    progress = Progress("planes", [PLANES], len(expected))
    client = await nats.connect(server.nats_url)
    async with asyncio.TaskGroup() as tasks:
        watch = tasks.create_task(progress.watch())
        states = await nats_side.read_bucket(client, list(expected), progress, PLANES)
        watch.cancel()
    await client.close()
    return sum(states[plane] != state for plane, state in expected.items()), progress.rate(PLANES)


def print_row(what, count, rate, agrees):
    print(f"  {what:36} {count:>9,} {rate:>10,.0f}/s   {'as in the file' if agrees else 'NOT AS IN THE FILE'}")


async def count_round(server, flights, round_name, publish):
    """One round over everything. Prints its table; True if every path agrees with the file."""
    expected, planes = data.by_carrier(flights), data.latest_by_plane(flights)
    progress = Progress(round_name, [PUBLISH, *READERS] if publish else list(READERS), len(flights))

    async def publishing(client):
        await nats_side.publish(client, flights, progress, PUBLISH)

    counts = await run_all(server, len(flights), round_name, progress, publishing if publish else None)
    wrong, plane_rate = await check_planes(server, planes)
    print(f"{'':39}{'flights':>9} {'rate':>12}")
    if publish:
        print_row("NATS publishes, acknowledged on disk", progress.counts[PUBLISH], progress.rate(PUBLISH), progress.counts[PUBLISH] == len(flights))
    for name, what in READERS.items():
        print_row(what, counts[name].total(), progress.rate(name), counts[name] == expected)
    print_row("planes in the bucket, latest state", len(planes), plane_rate, wrong == 0)
    return wrong == 0 and all(found == expected for found in counts.values())


async def demo(flights, directory, shards):
    with servers.make("firth", Path(directory) / "server", shards=shards) as server:
        client = await nats.connect(server.nats_url)
        await nats_side.prepare(client)
        await client.close()
        kafka_side.prepare(server.kafka_address)
        agreed = await count_round(server, flights, "first", publish=True)
        server.kill()
        started = time.monotonic()
        server.start()
        print(f"kill -9; started again and ready in {time.monotonic() - started:.2f} s. Counted again:")
        return await count_round(server, flights, "again", publish=False) and agreed


def main():
    parser = argparse.ArgumentParser(prog="./run demo", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--flights", type=int, metavar="N", help="only the first N flights of the file")
    parser.add_argument("--shards", type=int, metavar="N", help="of the server; its own default without")
    arguments = parser.parse_args()
    flights = data.read(arguments.flights)
    carriers, planes = data.by_carrier(flights), data.latest_by_plane(flights)
    print(f"{len(flights):,} flights of {len(carriers)} carriers with {len(planes):,} planes that left New York in 2013")
    with tempfile.TemporaryDirectory(prefix="firth-demo.") as directory:
        agreed = asyncio.run(demo(flights, directory, arguments.shards))
    print("Every path agrees with the file, before and after the kill." if agreed else "Some path does not agree with the file.")
    return 0 if agreed else 1


if __name__ == "__main__":
    sys.exit(main())
