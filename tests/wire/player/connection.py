# A TCP connection on which nothing is waited for longer than a deadline.
import socket

DEADLINE_S = 10


class Closed(Exception):
    """The server closed the connection."""


class Connection:
    def __init__(self, port):
        self.socket = socket.create_connection(("127.0.0.1", port), timeout=DEADLINE_S)
        self.input = b""

    def send(self, data):
        """What a server that has closed does not take shows in what is read next."""
        try:
            self.socket.sendall(data)
        except (BrokenPipeError, ConnectionResetError):
            pass

    def read_exactly(self, size):
        while len(self.input) < size:
            self.read_more()
        data, self.input = self.input[:size], self.input[size:]
        return data

    def read_line(self):
        """Without its line end, which must be CR LF."""
        while b"\r\n" not in self.input:
            self.read_more()
        line, self.input = self.input.split(b"\r\n", 1)
        return line

    def read_more(self):
        try:
            data = self.socket.recv(1 << 20)
        except TimeoutError:
            raise TimeoutError(f"nothing more within {DEADLINE_S} s; there was {self.input!r}") from None
        except ConnectionResetError:
            data = b""
        if not data:
            raise Closed(f"the server closed the connection; there was {self.input!r}")
        self.input += data

    def close(self):
        self.socket.close()
