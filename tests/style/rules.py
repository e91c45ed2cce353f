"""The rules that need no compiler. A rule takes the tree and yields complaints; rules.RULES names them all, bad_snippets.py shows what each
must catch."""

import re

from sources import Complaint

MAX_FILE_LINES = 600
MAX_FUNCTION_LINES = 70

# The arrows of docs/architecture.md: what a layer may include besides itself and what those may include. No exceptions.
LAYERS = {
    "base": (),
    "runtime": ("base",),
    "subject": ("base",),
    "security": ("base",),
    "log": ("runtime", "subject", "security"),
    "broker": ("log",),
    "cluster": ("log",),
    "nats": ("broker",),
    "jetstream": ("broker",),
    "kafka": ("broker",),
    "registry": ("broker",),
    "link": ("broker",),
    "http": ("broker",),
    "cli": ("nats", "jetstream", "kafka", "registry", "link", "http"),
}
MAIN = "main.cc"

SOURCE_FOLDERS = ("src", "tests", "bench", "scripts")


def _below(layer):
    below = {layer}
    for lower in LAYERS[layer]:
        below |= _below(lower)
    return below


def _cpp(tree, *folders):
    return [source for source in tree if source.is_cpp and source.parts[0] in (folders or SOURCE_FOLDERS)]


def layering(tree):
    for source in _cpp(tree, "src"):
        layer = source.parts[1]
        if layer == MAIN:
            continue
        if layer not in LAYERS:
            yield Complaint(source.path, 1, f"src/{layer} is no layer of docs/architecture.md")
            continue
        allowed = _below(layer)
        for line, name, quoted in source.includes:
            other = name.split("/")[0]
            if quoted and other not in allowed:
                yield Complaint(source.path, line, f"{layer} may not include {name} (allowed: {', '.join(sorted(allowed))})")


def test_layering(tree):
    """A unit test knows its layer and those below, like the code that it tests."""
    for source in _cpp(tree, "tests"):
        if len(source.parts) < 3 or source.parts[1] not in LAYERS:
            continue
        allowed = _below(source.parts[1]) | {"tests"}
        for line, name, quoted in source.includes:
            if quoted and name.split("/")[0] not in allowed:
                yield Complaint(source.path, line, f"the tests of {source.parts[1]} may not include {name}")


def file_length(tree):
    for source in tree:
        if source.parts[0] in SOURCE_FOLDERS and source.suffix in (".h", ".cc", ".py", ".sh") and len(source.lines) > MAX_FILE_LINES:
            yield Complaint(source.path, len(source.lines), f"{len(source.lines)} lines, at most {MAX_FILE_LINES}: split it by idea")


def function_length(tree):
    for source in tree:
        if source.parts[0] not in SOURCE_FOLDERS:
            continue
        for function in source.functions:
            if function.lines > MAX_FUNCTION_LINES:
                yield Complaint(source.path, function.first_line,
                                f"{function.name} has {function.lines} lines, at most {MAX_FUNCTION_LINES}")


def first_comment(tree):
    """Says the file's one idea. A .cc or a test whose header exists has it there."""
    headers = {source.path for source in tree if source.suffix == ".h"}
    for source in _cpp(tree):
        told_by = [source.path[: -len(".cc")] + ".h"]
        if source.parts[0] == "tests" and source.stem.endswith("_test"):
            told_by.append("/".join(("src",) + source.parts[1:-1] + (source.stem[: -len("_test")] + ".h",)))
        if source.suffix == ".cc" and headers.intersection(told_by):
            continue
        if not source.lines or not source.lines[0].startswith("//"):
            yield Complaint(source.path, 1, "begins without a comment that says its one idea")


def pragma_once(tree):
    for source in _cpp(tree):
        directive = re.search(r"^[ \t]*#.*$", source.code, re.M)
        if source.suffix == ".h" and (not directive or directive.group() != "#pragma once"):
            yield Complaint(source.path, source.line_of(directive.start()) if directive else 1, "#pragma once is not its first directive")


def own_header_first(tree):
    headers = {source.path for source in tree if source.suffix == ".h"}
    for source in _cpp(tree, "src", "tests"):
        own = source.path[: -len(".cc")] + ".h"
        if source.suffix != ".cc" or own not in headers:
            continue
        expected = own.removeprefix("src/")
        if not source.includes or source.includes[0][1] != expected:
            yield Complaint(source.path, source.includes[0][0] if source.includes else 1, f'includes something before "{expected}"')


# What asks the system itself: calls in the code, and headers whose only use is to ask.
_DOOR_CALLS = (
    r"\b(?:system_clock|steady_clock|high_resolution_clock|utc_clock|file_clock)::now\b",
    r"\b(?:clock_gettime|gettimeofday|timerfd_create|getrandom|getentropy|pthread_create|eventfd|io_uring_\w+|epoll_\w+)\s*\(",
    r"(?<![\w.>])(?:std::|::)?time\s*\(\s*(?:nullptr|NULL|0|&)",
    r"\bstd::(?:thread|jthread|async|random_device|this_thread|[io]?fstream)\b",
    r"(?<![\w>])::(?:open|openat|creat|socket|accept4?|connect|bind|listen|read|write|p?readv?|p?writev?|fsync|fdatasync|close|poll|select|"
    r"rename|unlink|mkdir|fork|send|recv|sendmsg|recvmsg|mmap|usleep|nanosleep)\s*\(",
    r"\b(?:f|p)open\s*\(",
)
_DOOR_HEADERS = {
    "fcntl.h", "unistd.h", "poll.h", "thread", "fstream", "pthread.h", "sys/socket.h", "sys/epoll.h", "sys/eventfd.h", "sys/mman.h",
    "sys/random.h", "sys/stat.h", "sys/time.h", "sys/timerfd.h", "sys/uio.h", "netinet/in.h", "netinet/tcp.h", "arpa/inet.h", "netdb.h",
    "linux/io_uring.h", "liburing.h",
}


def _is_runtime(source):
    return source.parts[:2] == ("src", "runtime")


def _may_use_beast(source):
    return source.suffix == ".cc" and (source.parts[:2] == ("src", "http") or source.path == "src/nats/websocket.cc")


def _asks_the_system(source):
    for pattern in _DOOR_CALLS:
        yield from source.find(pattern, "{}: only src/runtime asks the system")
    for line, name, _ in source.includes:
        if name in _DOOR_HEADERS:
            yield Complaint(source.path, line, f"<{name}>: only src/runtime asks the system")


def one_door(tree):
    """Time, randomness, threads, files and sockets come from src/runtime alone, or a simulated run could not be repeated. A header there
    that asks the system itself serves the .cc files beside it; nobody else may include it."""
    simulation = [source for source in _cpp(tree, "tests") if source.parts[1] == "sim"]
    inner = {source.path.removeprefix("src/") for source in tree if _is_runtime(source) and source.suffix == ".h" and [*_asks_the_system(source)]}
    for source in _cpp(tree, "src") + simulation:
        if _is_runtime(source):
            continue
        yield from _asks_the_system(source)
        for line, name, _ in source.includes:
            if name in inner:
                yield Complaint(source.path, line, f"{name} asks the system: it is for src/runtime/*.cc only")


def asio_behind_the_door(tree):
    """Asio is the runtime's, Beast that of the two faces that speak HTTP, and neither shows in a header."""
    for source in _cpp(tree, "src", "tests"):
        for line, name, _ in source.includes:
            asio, beast = name.startswith("boost/asio"), name.startswith("boost/beast")
            if (asio and not (_is_runtime(source) and source.suffix == ".cc")) or (beast and not _may_use_beast(source)):
                yield Complaint(source.path, line, f"<{name}>: not here")


def no_sleeps_in_tests(tree):
    pattern = re.compile(r"\b(?:sleep_for|this_thread::sleep_until|nanosleep|u?sleep\s*\((?!0\))|time\.Sleep|sleep\s+[0-9$])")
    for source in tree:
        if source.parts[0] != "tests" or source.parts[1] == "style":
            continue
        for number, text in enumerate(source.code.splitlines() if source.is_cpp else source.lines, 1):
            if pattern.search(text):
                yield Complaint(source.path, number, "a test sleeps: wait for the condition, with a deadline")


# Put together here so that the rules may read their own source.
_PROMISES = re.compile(r"\b(?:" + "|".join(("TO" + "DO", "FIX" + "ME", "X" + "XX", "HA" + "CK")) + r")\b")
_MACHINE_PATHS = re.compile(r"(?:^|[^\w.\-/$}])/(?:" + "|".join(("wo" + "rk", "fa" + "rm", "ro" + "ot", "ho" + "me")) + r")/")


def no_promises(tree):
    for source in tree:
        for number, text in enumerate(source.lines, 1):
            if _PROMISES.search(text):
                yield Complaint(source.path, number, "promises later work: do it, or leave it to an issue")


def no_machine_paths(tree):
    for source in tree:
        for number, text in enumerate(source.lines, 1):
            if _MACHINE_PATHS.search(text):
                yield Complaint(source.path, number, "an absolute path of one machine")


_EMPTY_WORDS = {"util", "utils", "utility", "utilities", "common", "misc", "helper", "helpers", "manager", "managers"}


def telling_names(tree):
    for source in tree:
        if source.parts[0] not in SOURCE_FOLDERS:
            continue
        words = {word for part in (*source.parts[:-1], source.stem) for word in re.split(r"[_\-.]", part.lower())}
        for word in sorted(words & _EMPTY_WORDS):
            yield Complaint(source.path, 1, f"'{word}' in a path says nothing: name the idea")
        if source.is_cpp:
            yield from source.find(r"\b(?:class|struct|namespace)\s+\w*(?:[Uu]tils?|Helpers?|Managers?|helpers?|misc|common)\b", "{}: name the idea")


def light_includes(tree):
    """Headers that cost every file that includes them; see "Building" in docs/architecture.md."""
    for source in _cpp(tree, "src"):
        for line, name, _ in source.includes:
            if name in ("iostream", "regex", "filesystem"):
                yield Complaint(source.path, line, f"<{name}> costs more than it gives")
            elif source.suffix == ".h" and name.startswith("boost/") and not name.endswith("fwd.hpp"):
                yield Complaint(source.path, line, f"<{name}> in a header: include it in the .cc")
            elif name.startswith("spdlog/") and source.path != "src/base/log.cc":
                yield Complaint(source.path, line, f"<{name}>: base/log.h is the way to log")
            elif source.suffix == ".h" and name.startswith("fmt/") and name != "fmt/core.h":
                yield Complaint(source.path, line, f"<{name}> in a header: fmt/core.h, or the .cc")


def no_exceptions(tree):
    for source in _cpp(tree, "src"):
        yield from source.find(r"\bthrow\b", "{}: errors are Results")


RULES = (layering, test_layering, file_length, function_length, first_comment, pragma_once, own_header_first, one_door, asio_behind_the_door,
         no_sleeps_in_tests, no_promises, no_machine_paths, telling_names, light_includes, no_exceptions)
