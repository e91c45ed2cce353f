# The table of one row, and its place in docs/benchmarks.md.
import datetime
import os
import platform
import statistics
import subprocess

from servers import PEERS, REPOSITORY

# Key in what firth_load prints, heading, format, and whether more is better (for the ratio).
COLUMNS = (
    ("rate", "messages/s", "{:,.0f}", True),
    ("cpu_us", "server CPU µs/message", "{:.3f}", False),
    ("cores", "cores used", "{:.2f}", None),
    ("p50_us", "p50 µs", "{:,.0f}", False),
    ("p99_us", "p99 µs", "{:,.0f}", False),
    ("p999_us", "p99.9 µs", "{:,.0f}", False),
    ("start_ms", "start ms", "{:,.1f}", False),
    ("start_cpu_ms", "CPU of starting, ms", "{:,.0f}", None),
    ("rss_mib", "memory MiB", "{:.1f}", False),
    ("threads", "threads", "{:.0f}", None),
)


def table(row, placement, results):
    """Markdown: median (minimum to maximum) of each figure, and how many times better Firth is than each peer."""
    shown = [column for column in COLUMNS if all(column[0] in one for rounds in results.values() for one in rounds)]
    where = f", {placement}" if len(row.placements) > 1 or placement != "free" else ""
    lines = [f"### {row.title}{where}", "", "| server | " + " | ".join(heading for _, heading, _, _ in shown) + " |", "|---" * (len(shown) + 1) + "|"]
    for label, rounds in results.items():
        lines.append(f"| {label} | " + " | ".join(spread(rounds, key, form) for key, _, form, _ in shown) + " |")
    for peer in results:
        if peer != "firth" and "firth" in results:
            ratios = " | ".join(ratio(results["firth"], results[peer], key, more) for key, _, _, more in shown)
            lines.append(f"| firth is better than {peer} by | {ratios} |")
    return "\n".join(lines) + "\n"


def spread(rounds, key, form):
    values = [one[key] for one in rounds]
    low, middle, high = (form.format(v) for v in (min(values), statistics.median(values), max(values)))
    return middle if low == high else f"{middle} ({low} to {high})"


def ratio(ours, theirs, key, more_is_better):
    if more_is_better is None:
        return ""
    a, b = statistics.median(one[key] for one in ours), statistics.median(one[key] for one in theirs)
    over, under = (a, b) if more_is_better else (b, a)
    return f"{over / under:.2f}x" if under else "-"


def record(tables, options):
    path = REPOSITORY / "docs" / "benchmarks.md"
    heading = f"## {datetime.date.today()}: {options.rounds} rounds of {options.seconds:g} s\n\n{machine()}\n\n{versions()}\n\n"
    with open(path, "a") as file:
        file.write("\n" + heading + "\n".join(tables))
    print(f"appended to {path}")


def machine():
    model = next((line.split(":", 1)[1].strip() for line in open("/proc/cpuinfo") if line.startswith("model name")), platform.machine())
    memory_gib = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") / 2**30
    return f"Machine: {os.cpu_count()} cores of {model}, {memory_gib:.0f} GiB, kernel {platform.release()}."


def versions():
    def first_line(*command):
        done = subprocess.run(command, capture_output=True, text=True)
        return (done.stdout or done.stderr).splitlines()[0]

    kafka = next(path.name.removeprefix("kafka_2.13-").removesuffix(".jar") for path in (PEERS / "kafka" / "libs").glob("kafka_2.13-*.jar"))
    revision = first_line("git", "-C", str(REPOSITORY), "rev-parse", "--short", "HEAD")
    return f"Servers: firth {revision}; {first_line(str(PEERS / 'nats-server'), '-v')}; Kafka {kafka} on {first_line('java', '-version')}."
