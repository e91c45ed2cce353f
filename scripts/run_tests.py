"""Runs test programs, as many at once as there are processors, shows what failed, and ends with "N passed, N failed".

usage: run_tests.py googletest PROGRAMS REPORTS FILTERS LAYER...   PROGRAMS/test_LAYER, each split into shards
       run_tests.py fuzz PROGRAMS REPORTS FILTERS                  each tests/fuzz/NAME_fuzz.cc, for FUZZ_SECONDS
       run_tests.py count FILE                                     the counts of a JUnit file that pytest wrote
FILTERS is one argument, names separated by blanks, each with or without * and ?; empty: all.
"""

import concurrent.futures
import fnmatch
import os
import pathlib
import subprocess
import sys
import xml.etree.ElementTree

PROCESSORS = os.cpu_count() or 1
TIMEOUT_SECONDS = 3600


def as_pattern(word):
    return word if any(character in word for character in "*?") else f"*{word}*"


def count(report):
    """(passed, failed) in a JUnit file, of GoogleTest or pytest. What was skipped is neither."""
    passed = failed = 0
    for case in xml.etree.ElementTree.parse(report).iter("testcase"):
        if case.find("failure") is not None or case.find("error") is not None:
            failed += 1
        elif case.find("skipped") is None and case.get("result") not in ("skipped", "suppressed"):
            passed += 1
    return passed, failed


def run(argv, environment=None):
    """(exit code, output) of a program; one that hangs is ended."""
    try:
        done = subprocess.run(argv, env={**os.environ, **(environment or {})}, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT, timeout=TIMEOUT_SECONDS, check=False)
        return done.returncode, done.stdout.decode(errors="replace")
    except subprocess.TimeoutExpired as hung:
        return 1, (hung.stdout or b"").decode(errors="replace") + f"\nended after {TIMEOUT_SECONDS} s\n"
    except OSError as error:
        return 1, f"{error}\n"


def run_shard(program, reports, pattern, shard):
    """A program that dies before it has written its report is one failure."""
    report = reports / f"{program.name}.{shard}.xml"
    code, output = run([program, "--gtest_brief=1", f"--gtest_output=xml:{report}", f"--gtest_filter={pattern}"],
                       {"GTEST_TOTAL_SHARDS": str(PROCESSORS), "GTEST_SHARD_INDEX": str(shard)})
    try:
        passed, failed = count(report)
    except (OSError, xml.etree.ElementTree.ParseError):
        passed, failed = 0, 1
        output += f"{program.name} wrote no report and ended with {code}\n"
    if code != 0:
        failed = max(failed, 1)
    return passed, failed, output


def googletest(programs, reports, filters, *layers):
    pattern = ":".join(as_pattern(word) for word in filters.split()) or "*"
    return [(run_shard, (programs / f"test_{layer}", reports, pattern, shard)) for layer in layers for shard in range(PROCESSORS)]


def run_fuzzer(program, name, reports):
    """Starts from the committed corpus; what it finds stays under the build, inputs that break something under the reports."""
    found = program.parent / "corpus" / name
    found.mkdir(parents=True, exist_ok=True)
    corpora = [found, *pathlib.Path("tests/fuzz/corpus").glob(name)]
    seconds = os.environ.get("FUZZ_SECONDS", "5")
    code, output = run([program, *corpora, f"-max_total_time={seconds}", "-timeout=10", "-rss_limit_mb=2048",
                        f"-artifact_prefix={reports}/{name}-"])
    return (1, 0, output) if code == 0 else (0, 1, output)


def fuzz(programs, reports, filters):
    patterns = [as_pattern(word) for word in filters.split()] or ["*"]
    names = sorted(path.name.removesuffix("_fuzz.cc") for path in pathlib.Path("tests/fuzz").glob("*_fuzz.cc"))
    return [(run_fuzzer, (programs / f"fuzz_{name}", name, reports))
            for name in names if any(fnmatch.fnmatch(name, pattern) for pattern in patterns)]


def main(kind, *arguments):
    if kind == "count":
        passed, failed = count(arguments[0])
        print(f"{passed} passed, {failed} failed")
        return failed
    programs, reports = (pathlib.Path(argument).resolve() for argument in arguments[:2])
    reports.mkdir(parents=True, exist_ok=True)
    jobs = {"googletest": googletest, "fuzz": fuzz}[kind](programs, reports, *arguments[2:])
    passed = failed = 0
    with concurrent.futures.ThreadPoolExecutor(PROCESSORS) as pool:
        for result in concurrent.futures.as_completed([pool.submit(job, *values) for job, values in jobs]):
            good, bad, output = result.result()
            passed += good
            failed += bad
            if bad:
                print(output)
    print(f"{passed} passed, {failed} failed")
    return failed


if __name__ == "__main__":
    sys.exit(1 if main(*sys.argv[1:]) else 0)
