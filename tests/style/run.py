"""Rules about the sources, one test each: `./test style [NAME...]`. Each rule must first catch its own bad snippets, then finds nothing in
the tree. Prints the ten longest files and functions: they are the next to be split."""

import os
import pathlib
import sys
import time

import bad_snippets
import rules
import tools
from sources import Source, read_tree

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent


def missed(rule):
    """The rows of bad_snippets.py that the rule judges wrongly."""
    def trees(single, several):
        for name, path, text in single:
            if path.startswith(tools.SNIPPETS):
                pathlib.Path(path).parent.mkdir(parents=True, exist_ok=True)
                pathlib.Path(path).write_text(text)
            yield name, [Source(path, text)]
        for name, files in several:
            yield name, [Source(path, text) for path, text in files]

    for name, tree in trees(bad_snippets.BAD, bad_snippets.BAD_TREES):
        if name == rule.__name__ and not list(rule(tree)):
            yield f"does not catch {[(source.path, source.text[:60]) for source in tree]}"
    for name, tree in trees(bad_snippets.GOOD, bad_snippets.GOOD_TREES):
        if name == rule.__name__:
            yield from (f"complains without reason: {complaint}" for complaint in rule(tree))


def longest(tree):
    files = sorted(((len(source.lines), source.path) for source in tree if source.is_cpp), reverse=True)[:10]
    functions = sorted(((function.lines, f"{function.name} ({source.path}:{function.first_line})")
                        for source in tree if source.is_cpp for function in source.functions), reverse=True)[:10]
    for what, rows in (("files", files), ("functions", functions)):
        print(f"  longest {what}: " + ", ".join(f"{lines} {name}" for lines, name in rows))


def main(filters):
    os.chdir(ROOT)
    tree = read_tree(ROOT)
    passed = failed = 0
    for rule in (*rules.RULES, *tools.RULES):
        if filters and not any(word in rule.__name__ for word in filters):
            continue
        if rule is tools.tidy and not filters and os.environ.get("FIRTH_TIDY") == "no":
            print("  tidy: left to `./test style` and `./test long`")
            continue
        start = time.monotonic()
        complaints = [*missed(rule), *sorted(set(map(str, rule(tree))))]  # a header's complaint comes with every file that includes it
        passed, failed = (passed, failed + 1) if complaints else (passed + 1, failed)
        seconds = time.monotonic() - start
        if complaints or seconds > 1:
            print(f"  {rule.__name__}: {'FAILED' if complaints else 'passed'}, {seconds:.1f} s")
        for complaint in complaints:
            print(f"    {complaint}")
    longest(tree)
    print(f"{passed} passed, {failed} failed")
    return failed


if __name__ == "__main__":
    sys.exit(1 if main(sys.argv[1:]) else 0)
