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
    placed: bool = True  # measured pinned and free; rows that are not are measured free only

    @property
    def contenders(self):
        return (FIRTH, *self.peers)


FIRTH = Contender("firth", "firth")
NATS = Contender("nats-server", "nats-server")
NATS_ALWAYS = Contender("nats-server sync always", "nats-server", {"config": "jetstream { sync_interval: always }\n"})
KAFKA = Contender("kafka", "kafka")
KAFKA_FLUSH = Contender("kafka flush each", "kafka", {"properties": {"log.flush.interval.messages": "1"}})

ROWS = {
    row.name: row
    for row in (
        Row("core", "core NATS, 128 B, 1 publisher to 1 subscriber", ("core", "--bytes", "128"), (NATS,), "nats"),
        Row("request", "request and reply, 128 B, 64 clients", ("request", "--bytes", "128", "--clients", "64"), (NATS,), "nats"),
        Row("jetstream", "JetStream publish, 128 B, async, window 1000", ("jetstream", "--bytes", "128", "--window", "1000"),
            (NATS, NATS_ALWAYS), "nats"),
        # A JVM compiles what it runs often: five seconds of load before the measurement.
        Row("kafka", "Kafka produce, batches of 1000 x 100 B, window 4, acks all",
            ("kafka", "--bytes", "100", "--records", "1000", "--window", "4"), (KAFKA, KAFKA_FLUSH), "kafka", warmup_s=5),
        Row("start", "start to first answer, and memory then", ("start",), (NATS, KAFKA), "nats", placed=False),
    )
}
