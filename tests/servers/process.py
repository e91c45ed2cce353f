# One server process: started, waited for, killed or stopped, always by its own process id, never by name.
import ctypes
import os
import select
import signal
import socket
import subprocess
import time
from pathlib import Path

START_DEADLINE_S = 60
STOP_DEADLINE_S = 60
POLL_S = 0.002


class ServerFailed(Exception):
    """The server did not do what it was asked to; the text ends with its log."""


def wait_until(condition, deadline_s, what):
    """Polls condition until it returns something true, and returns that. For conditions that nothing signals."""
    end = time.monotonic() + deadline_s
    while not (found := condition()):
        if time.monotonic() > end:
            raise TimeoutError(f"{what}: not within {deadline_s} s")
        select.select([], [], [], POLL_S)
    return found


def free_port():
    """A port that was free a moment ago: only for servers that cannot tell which port they were given."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def answers(port):
    """True if something listens on that port of the loopback interface."""
    with socket.socket() as probe:
        probe.settimeout(1)
        return probe.connect_ex(("127.0.0.1", port)) == 0


def die_with_parent():
    """Runs in the child: the kernel kills the server if the test process ends without having done so."""
    PR_SET_PDEATHSIG = 1
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)


class ServerProcess:
    """Base of the three servers. A subclass says command() and ready(), which is polled until it returns something true."""

    kind = "server"
    clean_exit_codes = (0,)

    def __init__(self, directory, cores=None, environment=None):
        self.directory = Path(directory)
        self.directory.mkdir(parents=True, exist_ok=True)
        self.log_path = self.directory / "server.log"
        self.cores = cores  # processor set that the server is bound to, or None
        self.environment = {**os.environ, **(environment or {})}
        self.process = None

    @property
    def pid(self):
        return self.process.pid

    def running(self):
        return self.process is not None and self.process.poll() is None

    def start(self):
        """Starts the server on its directory (again, if it ran before) and returns self when its ports answer."""
        assert not self.running()
        self.before_start()
        with open(self.log_path, "ab") as log:
            self.process = subprocess.Popen(
                self.command(), stdin=subprocess.DEVNULL, stdout=log, stderr=log, cwd=self.directory, env=self.environment,
                preexec_fn=self.in_child,
            )
        try:
            wait_until(self.ready_or_dead, START_DEADLINE_S, f"{self.kind} to answer")
        except TimeoutError as late:
            self.kill()
            raise ServerFailed(f"{late}\n{self.log()}") from None
        if not self.running():
            raise ServerFailed(f"{self.kind} ended with {self.process.returncode} while starting\n{self.log()}")
        return self

    def in_child(self):
        die_with_parent()
        if self.cores is not None:
            os.sched_setaffinity(0, self.cores)

    def ready_or_dead(self):
        return self.process.poll() is not None or self.ready()

    def stop(self):
        """SIGTERM: the clean way. Raises unless the server ends with 0."""
        self.process.terminate()
        try:
            code = self.process.wait(STOP_DEADLINE_S)
        except subprocess.TimeoutExpired:
            self.kill()
            raise ServerFailed(f"{self.kind} ignored SIGTERM for {STOP_DEADLINE_S} s\n{self.log()}") from None
        if code not in self.clean_exit_codes:
            raise ServerFailed(f"{self.kind} ended with {code} after SIGTERM\n{self.log()}")

    def kill(self):
        """SIGKILL: no chance to write anything more."""
        self.process.kill()
        self.process.wait()

    def end(self):
        """Whatever state it is in, the process is gone afterwards."""
        if self.running():
            self.kill()

    def restart(self):
        self.stop()
        return self.start()

    def log(self, last_lines=200):
        lines = self.log_path.read_text(errors="replace").splitlines() if self.log_path.exists() else []
        return "\n".join(lines[-last_lines:])

    def __enter__(self):
        return self.start()

    def __exit__(self, *_):
        self.end()

    def before_start(self):
        pass

    def command(self):
        raise NotImplementedError

    def ready(self):
        raise NotImplementedError
