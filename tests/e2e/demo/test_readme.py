# The tour of the README works as typed, and prints what it says.
import re
import subprocess
import sys

from servers import REPOSITORY


def test_the_tour_prints_what_it_says(server):
    readme = (REPOSITORY / "README.md").read_text()
    script = re.search(r"<<'END'\n(.*?)\nEND\n", readme, re.S)[1]
    promised = re.search(r"It prints:\n\n```\n(.*?)```", readme, re.S)[1]
    script = script.replace("127.0.0.1:4222", f"127.0.0.1:{server.nats_port}").replace("127.0.0.1:9092", server.kafka_address)
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, timeout=120)
    assert done.stdout == promised, done.stderr
