# A wire script: the lines of a file that say something, and the configuration that its server needs.
import re
from dataclasses import dataclass

LINE = re.compile(r"([a-z0-9]*)([<>][a-z~]*)(?: (.*))?")


class Mismatch(Exception):
    """The server did something else than the script says; the text begins with file:line."""


@dataclass(frozen=True)
class Step:
    where: str       # file:line
    connection: str  # "" for scripts with one connection
    action: str      # "<", ">", "<json", ...
    text: str

    def fail(self, what):
        raise Mismatch(f"{self.where}: {self.connection}{self.action} {self.text}\n  {what}")


@dataclass(frozen=True)
class Script:
    config: str
    steps: list


def read(path):
    """Empty lines and lines that begin with # are for people; `@config` lines go into the server's configuration file."""
    config, steps = [], []
    for number, line in enumerate(path.read_text().splitlines(), 1):
        where = f"{path.name}:{number}"
        if not line.strip() or line.startswith("#"):
            continue
        if line.startswith("@config "):
            config.append(line.removeprefix("@config "))
            continue
        found = LINE.fullmatch(line)
        if not found:
            raise Mismatch(f"{where}: not a line of a wire script: {line}")
        steps.append(Step(where, found[1], found[2], found[3] or ""))
    return Script("".join(line + "\n" for line in config), steps)
