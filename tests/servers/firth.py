# Firth, as built by the release preset (or FIRTH_BINARY), with both faces on free ports.
import os
from pathlib import Path

from . import REPOSITORY
from .nats_server import NatsServer


class Firth(NatsServer):
    kind = "firth"

    def __init__(self, directory, config="", shards=None, **options):
        """Without a number of shards the server has its own default. With one, connections fill the shards one by one, so that two
        connections of a test are on two shards."""
        faces = 'kafka { listen: "127.0.0.1:-1" }\n'
        if shards is not None:
            faces += f"shards {{ count: {shards}, connections_per_shard: 1 }}\n"
        super().__init__(directory, config=faces + config, **options)

    def binary(self):
        return Path(os.environ.get("FIRTH_BINARY", REPOSITORY / "build" / "release" / "firth"))

    @property
    def kafka_address(self):
        return self.ports["kafka"][0]

    @property
    def kafka_port(self):
        return int(self.kafka_address.rsplit(":", 1)[1])
