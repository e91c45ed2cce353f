"""The rules that ask the compiler, the formatter and clang-tidy. What was clean is remembered under build/style by the hash of everything
that could change the answer, so a second run costs only what changed."""

import concurrent.futures
import hashlib
import json
import os
import pathlib
import re
import shlex
import subprocess
from functools import lru_cache

from sources import Complaint

CLANG, FORMAT, TIDY = "clang++-19", "clang-format-19", "clang-tidy-19"
BUILD = pathlib.Path("build/release")
MEMORY = pathlib.Path("build/style")
SNIPPETS = "build/style/snippets/"  # where the rows of bad_snippets.py lie for these rules
_MESSAGE = re.compile(r"^(?P<path>[^\s:][^:\n]*):(?P<line>\d+):\d+: (?:fatal )?(?:error|warning): (?P<text>.*)$", re.M)


def _run(argv):
    done = subprocess.run(argv, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, errors="replace",
                          check=False)
    return done.returncode, done.stdout


def _complaints(path, code, output):
    """The tool's messages, or its last words if it failed without any."""
    found = [Complaint(os.path.relpath(match["path"]), int(match["line"]), match["text"]) for match in _MESSAGE.finditer(output)]
    if code != 0 and not found:
        found = [Complaint(path, 1, output.strip()[-2000:] or f"the tool ended with {code}")]
    return found


@lru_cache(maxsize=None)
def _compile_commands():
    """Per source: the compiler's arguments without compiler, input and output, as the release build has them."""
    commands = {}
    for entry in json.loads((BUILD / "compile_commands.json").read_text()):
        words = shlex.split(entry["command"])
        while not words[0].endswith(CLANG):
            words.pop(0)
        path = os.path.relpath(os.path.join(entry["directory"], entry["file"]))
        commands[path] = [word for word in words[1:] if word not in ("-c", "-o") and not word.endswith((".cc", ".o"))]
    return commands


@lru_cache(maxsize=None)
def _include_folders():
    """All folders that some source of the build searches for "quoted" includes: generated headers lie below the build."""
    folders = {word[2:] for words in _compile_commands().values() for word in words if word.startswith("-I")}
    return sorted(os.path.relpath(folder) for folder in folders)


@lru_cache(maxsize=None)
def _file(path):
    text = pathlib.Path(path).read_bytes()
    names = re.findall(rb'^[ \t]*#[ \t]*include[ \t]*"([^"]+)"', text, re.M)
    return hashlib.sha256(text).hexdigest(), [name.decode() for name in names]


def _key(path, *more):
    """The hash of a file, of every file of ours that it includes, directly or not, and of what else decides the answer."""
    seen, open_ends, hashes = set(), [path], []
    while open_ends:
        at = open_ends.pop()
        if at in seen:
            continue
        seen.add(at)
        content, names = _file(at)
        hashes.append(f"{at} {content}")
        for name in names:
            for folder in (os.path.dirname(at), *_include_folders()):
                candidate = os.path.normpath(os.path.join(folder, name))
                if os.path.isfile(candidate):
                    open_ends.append(candidate)
                    break
    root = os.getcwd()
    everything = "\n".join([*sorted(hashes), *(word.replace(root, ".") for word in more)])
    return hashlib.sha256(everything.encode()).hexdigest()


def _remembered(name, paths, key_of, check):
    """Runs check(path) for every path whose key is not known to be clean, in parallel."""
    folder = MEMORY / name
    folder.mkdir(parents=True, exist_ok=True)

    def one(path):
        clean = folder / key_of(path)
        if clean.exists():
            return []
        complaints = check(path)
        if not complaints:
            clean.touch()
        return complaints

    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        for complaints in pool.map(one, paths):
            yield from complaints


@lru_cache(maxsize=None)
def _version(tool):
    return _run([tool, "--version"])[1]


def headers_compile_alone(tree):
    """Each header, with the project's warnings, as the only include of a file."""
    wanted = [source.path for source in tree if source.suffix == ".h"]
    flags = ["-std=c++23", "-Wall", "-Wextra", "-Werror", "-Wno-pragma-once-outside-header", "-msse4.2", "-mpclmul",
             *(f"-I{folder}" for folder in _include_folders()), "-I."]

    def check(path):
        return _complaints(path, *_run([CLANG, "-fsyntax-only", "-x", "c++", *flags, path]))

    return _remembered("headers", wanted, lambda path: _key(path, _version(CLANG), *flags), check)


def formatted(tree):
    paths = [source.path for source in tree if source.is_cpp]
    code, output = _run([FORMAT, "--dry-run", "-Werror", *paths])
    seen = set()
    for complaint in _complaints("", code, output):
        if complaint.path not in seen:  # the first place of each file is enough: the answer is one command
            seen.add(complaint.path)
            yield Complaint(complaint.path, complaint.line, f"not formatted: {FORMAT} -i {complaint.path}")


def tidy(tree):
    """The checks of .clang-tidy over every .cc that the release build compiles below src/, with the flags of that build."""
    commands = _compile_commands()
    flags = {source.path: commands["src/main.cc" if source.path.startswith(SNIPPETS) else source.path]
             for source in tree if source.suffix == ".cc" and (source.path in commands or source.path.startswith(SNIPPETS))
             if source.parts[0] in ("src", "build")}
    settings = pathlib.Path(".clang-tidy").read_text()

    def check(path):
        return _complaints(path, *_run([TIDY, "--quiet", path, "--", *flags[path]]))

    return _remembered("tidy", list(flags), lambda path: _key(path, _version(TIDY), settings, *flags[path]), check)


RULES = (headers_compile_alone, formatted, tidy)
