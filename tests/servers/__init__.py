# The servers that tests and benchmarks start: Firth itself and the two real ones that it stands in for.
# Standard library only, so that the wire runner and bench/run need nothing else.
from pathlib import Path

from .process import ServerFailed, ServerProcess, wait_until

REPOSITORY = Path(__file__).resolve().parents[2]
PEERS = REPOSITORY / ".cache" / "peers"


def make(kind, directory, **options):
    """A server that is not started yet. kind: firth, nats-server or kafka. Each keeps its data and its log under directory."""
    from .firth import Firth
    from .kafka_broker import KafkaBroker
    from .nats_server import NatsServer

    return {"firth": Firth, "nats-server": NatsServer, "kafka": KafkaBroker}[kind](directory, **options)
