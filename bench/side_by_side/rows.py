# The rows of the benchmark table: which servers take part, what the generator is told, and how long it warms up.
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Contender:
    """One server in one configuration."""

    label: str
    kind: str  # of tests/servers: firth, nats-server, kafka
    options: dict = field(default_factory=dict)


@dataclass(frozen=True)
class Row:
    name: str
    title: str
    generator: tuple  # arguments of firth_load
    peers: tuple
    face: str  # nats or kafka: which port the generator talks to
    warmup_s: float = 0.5
    placements: tuple = ("pinned", "free")
    first: bool = False  # one of the five that are measured unless others are named
    restart: str = ""  # how the server ends before the start that is measured: clean or killed; empty: it is no restart

    @property
    def contenders(self):
        return (FIRTH, *self.peers)


FIRTH = Contender("firth", "firth")
NATS = Contender("nats-server", "nats-server")
NATS_ALWAYS = Contender("nats-server sync always", "nats-server", {"config": "jetstream { sync_interval: always }\n"})
KAFKA = Contender("kafka", "kafka")
KAFKA_FLUSH = Contender("kafka flush each", "kafka", {"properties": {"log.flush.interval.messages": "1"}})

JVM_WARMUP_S = 5  # a JVM compiles what it runs often

FIRST_ROWS = (
    Row("core", "core NATS, 128 B, 1 publisher to 1 subscriber", ("core", "--bytes", "128"), (NATS,), "nats", first=True),
    Row("request", "request and reply, 128 B, 64 clients", ("request", "--bytes", "128", "--clients", "64"), (NATS,), "nats", first=True),
    Row("jetstream", "JetStream publish, 128 B, async, window 1000", ("jetstream", "--bytes", "128", "--window", "1000"),
        (NATS, NATS_ALWAYS), "nats", first=True),
    Row("kafka", "Kafka produce, batches of 1000 x 100 B, window 4, acks all",
        ("kafka", "--bytes", "100", "--records", "1000", "--window", "4"), (KAFKA, KAFKA_FLUSH), "kafka", warmup_s=JVM_WARMUP_S, first=True),
    Row("start", "start to first answer, and memory then", ("start",), (NATS, KAFKA), "nats", placements=("free",), first=True),
)


def core(name, title, *generator):
    return Row(name, f"core NATS, {title}", ("core", *generator), (NATS,), "nats", placements=("pinned",))


def stream(name, title, *generator):
    return Row(name, title, generator, (NATS, NATS_ALWAYS), "nats", placements=("pinned",))


def single_records(name, title, *generator):
    return Row(name, f"Kafka produce, single records of 100 B, {title}, acks all",
               ("kafka", "--bytes", "100", "--records", "1", "--window", "1", *generator), (KAFKA, KAFKA_FLUSH), "kafka",
               warmup_s=JVM_WARMUP_S, placements=("pinned",))


def restart(ending, how):
    """How many messages, `bench/run --messages N` says."""
    return Row(f"restart-{ending}", "start on a stream of {messages:,} messages of 128 B until it answers, after " + how,
               ("start", "--stream", "bench"), (NATS,), "nats", placements=("free",), restart=ending)


OTHER_ROWS = (
    core("core-16", "16 B, 1 to 1", "--bytes", "16"),
    core("core-1k", "1 KiB, 1 to 1", "--bytes", "1024"),
    core("core-16k", "16 KiB, 1 to 1", "--bytes", "16384"),
    core("fan-10", "128 B, 1 to 10 (per delivery)", "--bytes", "128", "--subscribers", "10"),
    core("fan-100", "128 B, 1 to 100 (per delivery)", "--bytes", "128", "--subscribers", "100"),
    core("pairs", "128 B, 10 pairs with subjects of their own", "--bytes", "128", "--pairs", "10"),
    core("subjects", "128 B, 10,000 subjects, one wildcard subscription", "--bytes", "128", "--subjects", "10000"),
    core("queue", "128 B, queue group of 4", "--bytes", "128", "--subscribers", "4", "--queue", "1"),
    stream("sync-64", "JetStream publish, 128 B, 64 clients, one at a time each", "jetstream", "--bytes", "128", "--window", "1", "--clients", "64"),
    stream("sync-1", "JetStream publish, 128 B, 1 client, one at a time", "jetstream", "--bytes", "128", "--window", "1"),
    stream("bucket", "KV put, 128 B, window 100, 1000 keys", "bucket", "--bytes", "128", "--window", "100", "--subjects", "1000"),
    single_records("single-64", "64 clients, one in flight each", "--clients", "64"),
    single_records("single-1", "1 client, one in flight"),
    restart("clean", "SIGTERM"),
    restart("killed", "kill -9"),
)

ROWS = {row.name: row for row in (*FIRST_ROWS, *OTHER_ROWS)}
