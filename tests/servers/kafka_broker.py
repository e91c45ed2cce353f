# Apache Kafka, the real broker from .cache/peers: one KRaft node that is its own controller.
import subprocess

from . import PEERS
from .process import ServerFailed, ServerProcess, answers, free_port

CLUSTER_ID = "RmlydGgtcGVlci1jbHVzdA"  # any 16 bytes in base64url


class KafkaBroker(ServerProcess):
    kind = "kafka"
    clean_exit_codes = (0, 143)  # a JVM that ran its shutdown hooks ends with 128 + SIGTERM

    def __init__(self, directory, properties=None, heap="1g", **options):
        super().__init__(directory, **options)
        self.heap = heap
        self.kafka_port = free_port()
        controller_port = free_port()
        self.properties = {
            "process.roles": "broker,controller",
            "node.id": "1",
            "controller.quorum.voters": f"1@127.0.0.1:{controller_port}",
            "listeners": f"PLAINTEXT://127.0.0.1:{self.kafka_port},CONTROLLER://127.0.0.1:{controller_port}",
            "listener.security.protocol.map": "PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT",
            "controller.listener.names": "CONTROLLER",
            "log.dirs": str(self.directory / "data"),
            "offsets.topic.replication.factor": "1",
            "offsets.topic.num.partitions": "4",
            "transaction.state.log.replication.factor": "1",
            "transaction.state.log.min.isr": "1",
            "transaction.state.log.num.partitions": "4",
            "share.coordinator.state.topic.replication.factor": "1",
            "share.coordinator.state.topic.min.isr": "1",
            "group.initial.rebalance.delay.ms": "0",
            **(properties or {}),
        }

    @property
    def kafka_address(self):
        return f"127.0.0.1:{self.kafka_port}"

    def java(self, main_class, *arguments, options=()):
        return ["java", *options, "-Dorg.apache.logging.log4j.level=WARN", "-cp", str(PEERS / "kafka" / "libs" / "*"), main_class, *arguments]

    def before_start(self):
        path = self.directory / "server.properties"
        path.write_text("".join(f"{name}={value}\n" for name, value in self.properties.items()))
        if (self.directory / "data").exists():
            return
        command = self.java("kafka.tools.StorageTool", "format", "-t", CLUSTER_ID, "-c", str(path))
        done = subprocess.run(command, cwd=self.directory, capture_output=True, text=True)
        if done.returncode != 0:
            raise ServerFailed(f"cannot format the broker's directory\n{done.stdout}{done.stderr}")

    def command(self):
        options = (f"-Xmx{self.heap}", f"-Xms{self.heap}", "-XX:+UseG1GC", "-XX:MaxGCPauseMillis=20")
        return self.java("kafka.Kafka", str(self.directory / "server.properties"), options=options)

    def ready(self):
        return answers(self.kafka_port)
