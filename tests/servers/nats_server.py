# nats-server, the real one, from .cache/peers.
import json

from . import PEERS
from .process import ServerProcess


def port_of(url):
    return int(url.rsplit(":", 1)[1])


class NatsServer(ServerProcess):
    kind = "nats-server"

    def __init__(self, directory, config="", **options):
        super().__init__(directory, **options)
        self.config = config
        self.ports = {}
        self.port = -1  # of the NATS listener; -1 lets the system choose

    def restart_on_same_port(self):
        """As an operator would: clients find the server again."""
        self.stop()
        self.port = self.nats_port
        return self.start()

    def before_start(self):
        (self.directory / "server.conf").write_text(self.config)

    def binary(self):
        return PEERS / "nats-server"

    def command(self):
        config = ["-c", str(self.directory / "server.conf")] if self.config else []  # the real server warns about an empty file
        return [str(self.binary()), "-a", "127.0.0.1", "-p", str(self.port), "-m", "-1", "-js", "-sd", str(self.directory / "data"),
                "--ports_file_dir", str(self.directory), *config]

    def ready(self):
        """The ports file is written when every port in it is bound. Nothing is connected to: it would count as a connection."""
        path = self.directory / f"{self.binary().name}_{self.pid}.ports"
        try:
            self.ports = json.loads(path.read_text())
        except (FileNotFoundError, ValueError):  # not there yet, or not whole yet
            return False
        return True

    @property
    def nats_url(self):
        return self.ports["nats"][0]

    @property
    def nats_port(self):
        return port_of(self.nats_url)

    @property
    def monitoring_url(self):
        return self.ports["monitoring"][0]
