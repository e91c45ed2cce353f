"""How far everybody is: a bar on a terminal while the demo runs, and the guard that ends it if nobody gets on."""

import asyncio
import sys
import threading
import time

BAR_WIDTH = 30
REDRAW_S = 0.1
STUCK_S = 60


class Progress:
    """Counts by reader or writer, from any thread. Each of them is done at `total`."""

    def __init__(self, title, names, total):
        self.title = title
        self.total = total
        self.counts = dict.fromkeys(names, 0)
        self.began = {}
        self.seconds = {}  # from its first count to its last
        self.stop = threading.Event()  # for threads: the demo has failed, or is over

    def reached(self, name, count):
        now = time.monotonic()
        if count > 0:
            self.began.setdefault(name, now)
        if count >= self.total > self.counts[name]:
            self.seconds[name] = now - self.began[name]
        self.counts[name] = count

    def rate(self, name):
        return self.total / max(self.seconds[name], 1e-6)

    async def watch(self):
        """Draws until it is cancelled; raises if no count moves for a minute."""
        last, moved = None, time.monotonic()
        try:
            while True:
                if (now := tuple(self.counts.values())) != last:
                    last, moved = now, time.monotonic()
                elif time.monotonic() - moved > STUCK_S:
                    raise TimeoutError(f"nothing moves for {STUCK_S} s: {self.counts} of {self.total}")
                self.draw()
                await asyncio.sleep(REDRAW_S)
        finally:
            self.stop.set()
            if sys.stdout.isatty():
                print("\r\x1b[K", end="", flush=True)

    def draw(self):
        if not sys.stdout.isatty():
            return
        share = sum(min(count, self.total) for count in self.counts.values()) / (self.total * len(self.counts) or 1)
        bar = ("█" * round(share * BAR_WIDTH)).ljust(BAR_WIDTH, "·")
        details = "  ".join(f"{name} {count:,}" for name, count in self.counts.items())
        print(f"\r{self.title} {bar} {share:4.0%}  {details}\x1b[K", end="", flush=True)
