# Kafka's own dump tool reads the segments on disk: what is there is Kafka's format, not something like it.
import re
import subprocess

import pytest
import servers
from kafka_clients import create_topic, produce

pytestmark = pytest.mark.both("kafka")


@pytest.fixture(scope="session")
def dump_tool():
    """The class path of the peer's jars, which are installed if they are not there."""
    subprocess.run([servers.REPOSITORY / "bench" / "peers" / "install", "kafka"], check=True)
    return ["java", "-XX:TieredStopAtLevel=1", "-cp", str(servers.PEERS / "kafka" / "libs" / "*"), "org.apache.kafka.tools.DumpLogSegments"]


@pytest.mark.parametrize("codec", ["none", "zstd"])
def test_the_dump_tool_finds_every_record(server, name, dump_tool, codec):
    create_topic(server, name)
    produce(server, name, [(b"key-%d" % i, b"value-%d" % i) for i in range(1000)], compression_type=codec, batch_num_messages=100)
    if server.kind == "firth":
        server.stop()
        files = list(server.directory.glob("data/**/*.log"))
    else:  # shared by all tests, and it flushes to the page cache at once
        files = list(server.directory.glob(f"data/{name}-0/*.log"))
    assert files
    done = subprocess.run([*dump_tool, "--deep-iteration", "--print-data-log", "--files", ",".join(map(str, files))], capture_output=True, text=True)
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-2000:]
    batches = re.findall(r"^baseOffset: .* isvalid: (\w+)$", done.stdout, re.M)
    assert batches and set(batches) == {"true"}
    found = re.findall(r"^\| offset: (\d+) .* key: (\S+) payload: (\S+)$", done.stdout, re.M)
    assert sorted(found, key=lambda row: int(row[0])) == [(str(i), f"key-{i}", f"value-{i}") for i in range(1000)]
