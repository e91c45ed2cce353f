"""The project's own text as the rules see it: files, C++ without comments and strings, includes, functions."""

import ast
import bisect
import pathlib
import re
import subprocess
from dataclasses import dataclass
from functools import cached_property

CPP = {".h", ".cc"}

# What hides code from a rule: comments, raw strings, strings, characters (not the ' of 1'000). The first alternative that matches wins.
_HIDDEN = re.compile(
    r'//[^\n]*|/\*.*?\*/|R"(?P<mark>[^(\s]*)\(.*?\)(?P=mark)"|"(?:\\.|[^"\\\n])*"|(?<![0-9a-fA-F])\'(?:\\.|[^\'\\\n])+\'', re.S)
_INCLUDE = re.compile(r'^[ \t]*#[ \t]*include[ \t]*([<"])([^>"]+)[>"]', re.M)


@dataclass(frozen=True)
class Complaint:
    path: str
    line: int
    text: str

    def __str__(self):
        return f"{self.path}:{self.line}: {self.text}"


@dataclass(frozen=True)
class Function:
    name: str
    first_line: int
    last_line: int

    @property
    def lines(self):
        return self.last_line - self.first_line + 1


class Source:
    """One file, by its path from the project's root. Lines count from 1."""

    def __init__(self, path, text):
        self.path = path
        self.text = text
        self.parts = pathlib.PurePosixPath(path).parts
        self.suffix = pathlib.PurePosixPath(path).suffix
        self.stem = pathlib.PurePosixPath(path).stem

    @property
    def is_cpp(self):
        return self.suffix in CPP

    @cached_property
    def lines(self):
        return self.text.splitlines()

    @cached_property
    def code(self):
        """The text with comments and the insides of literals blanked; offsets and lines stay. Include lines stay whole."""
        includes = {match.start(2) - 1 for match in _INCLUDE.finditer(self.text)}

        def blank(match):
            if match.start() in includes:
                return match.group()
            return re.sub(r"[^\n]", " ", match.group())

        return _HIDDEN.sub(blank, self.text)

    @cached_property
    def _line_starts(self):
        return [0] + [match.end() for match in re.finditer("\n", self.text)]

    def line_of(self, offset):
        return bisect.bisect_right(self._line_starts, offset)

    @cached_property
    def includes(self):
        """(line, name, is quoted), in order."""
        return [(self.line_of(match.start(2)), match[2], match[1] == '"') for match in _INCLUDE.finditer(self.code)]

    def find(self, pattern, text):
        """A complaint per match of the pattern in the code; {} in the text becomes what matched."""
        for match in re.finditer(pattern, self.code):
            yield Complaint(self.path, self.line_of(match.start()), text.format(match.group().strip()))

    @cached_property
    def functions(self):
        if self.suffix == ".py":
            return [Function(node.name, node.lineno, node.end_lineno) for node in ast.walk(ast.parse(self.text))
                    if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef))]
        return list(_cpp_functions(self)) if self.is_cpp else []


# What may stand before the { of something that is no function but may hold some.
_SCOPE = re.compile(r'\b(?:namespace|class|struct|union|enum)\b(?![^{]*\)\s*(?:const|noexcept|override|final|->.*)*\s*$)|\bextern\s*" *C *"\s*$')
_INITIALIZERS = re.compile(r"\)\s*(?:noexcept\s*)?:(?!:)")  # of a constructor: braces that follow are not its body yet
_NAME = re.compile(r"([~\w:]+|operator[^\w\s(]+)\s*\(")


def _cpp_functions(source):
    """Blocks that follow a parameter list outside any other function. A heuristic that the formatter's layout makes exact enough."""
    code = re.sub(r"^[ \t]*#(?:[^\n]*\\\n)*[^\n]*", lambda match: re.sub(r"[^\n]", " ", match.group()), source.code, flags=re.M)
    depth, start, head_start = 0, None, 0
    function_depth = 0
    for match in re.finditer(r"[{};]", code):
        character, at = match.group(), match.start()
        if character == "{":
            head = code[head_start:at]
            if start is None and "(" in head and not _SCOPE.search(head) and not re.search(r"=\s*$", head):
                name = _NAME.search(head)
                start, function_depth = head_start + len(head) - len(head.lstrip()), depth
                function_name = name[1] if name else "?"
                initializing = _INITIALIZERS.search(head) is not None
            depth += 1
        elif character == "}":
            depth -= 1
            if start is not None and depth == function_depth and not (initializing and re.match(r"\s*[{,]", code[at + 1 :])):
                yield Function(function_name, source.line_of(start), source.line_of(at))
                start = None
        head_start = match.end()


def read_tree(root):
    """All text files that git knows or would add, but what is not ours to word: licence and captured data."""
    listed = subprocess.run(["git", "ls-files", "--cached", "--others", "--exclude-standard"], cwd=root, capture_output=True, text=True,
                            check=True).stdout.splitlines()
    tree = []
    for path in sorted(set(listed)):
        file = root / path
        if not file.is_file() or path == "LICENSE" or path.startswith(("tests/data/", "tests/fuzz/corpus/")):
            continue
        try:
            tree.append(Source(path, file.read_text()))
        except UnicodeDecodeError:
            pass
    return tree
