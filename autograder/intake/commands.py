"""Read what only a notebook understands: magics, shell lines, questions."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass, field

from autograder.intake.recovery import PARSE_ERRORS, Place
from autograder.syntax import parse

_KEEPS_BODY = frozenset({"time", "timeit", "capture", "prun", "memit", "python", "python3", "py3"})
_CELL_MAGIC = re.compile(r"%%\s*(\w+)[ \t]*(.*)")
_COMMAND = re.compile(r"\s*(?:[%!]|\?{1,2}\s*\w)|\s*[\w.%\[\]'\"]+\?{1,2}\s*$|[\w\s.,\[\]'\"]+=\s*(?:!(?!=)|%\s*\w)")
_WRITES_FILE = re.compile(r"(?:-a\s+|--append\s+)?[\"']?(?:\./)?(\w[\w-]*\.py)[\"']?\s*$")
_RUN = re.compile(r"%run\s+(?:-\w+\s+)*[\"']?(?:\./)?((?:\w+/)*[^\W\d]\w*)(\.py|\.ipynb)?[\"']?\s*$")


@dataclass
class Plain:
    """A cell without notebook commands: `commands` is their number, `files` are the modules that it writes, `runs` and
    `absent` those that `%run` names, which are there or not, the latter with the line."""

    code: str
    commands: int = 0
    files: dict[str, str] = field(default_factory=dict)
    absent: list[tuple[int, str]] = field(default_factory=list)
    runs: list[str] = field(default_factory=list)

    def notes(self, place: Place) -> Iterator[str]:
        """Yield a note on each file that is not there."""
        for line, name in self.absent:
            yield (
                f"{place(line)}: `%run {name}`: that file was not handed in. Put it beside this one, and hand in both "
                "in one folder or zip."
            )


def left_out(commands: int) -> str:
    """Return the note on commands that do not run."""
    what = "1 notebook command was" if commands == 1 else f"{commands} notebook commands were"
    return f"{what} left out (lines such as `%matplotlib` or `!pip`): they do not run here."


def plain(cell: str, beside: Collection[str] = ()) -> Plain:
    """Return a cell without what only a notebook understands. `%run` of a file that lies `beside` becomes an import."""
    try:
        parse(cell)
        return Plain(cell)
    except PARSE_ERRORS:
        pass
    lines = cell.split("\n")
    first = next((number for number, line in enumerate(lines) if line.strip()), 0)
    magic = _CELL_MAGIC.match(lines[first])
    if magic is None:
        return _without_commands(lines, beside)
    if magic.group(1) in _KEEPS_BODY:
        lines[first] = f"# {lines[first]}"
        found = _without_commands(lines, beside)
        found.commands += 1
        return found
    file = _WRITES_FILE.fullmatch(magic.group(2)) if magic.group(1) in ("writefile", "file") else None
    body = "\n".join(lines[first + 1 :])
    code = "\n".join(f"# {line}" if line.strip() else "" for line in lines)
    return Plain(code, 1, {file.group(1): body} if file else {})


def _without_commands(lines: list[str], beside: Collection[str]) -> Plain:
    """Comment out lines that only a notebook understands."""
    scanner = _Scanner()
    out: list[str] = []
    found = Plain("")
    continues = False
    for number, line in enumerate(lines, 1):
        if continues or (scanner.at_start and _COMMAND.match(line) and not _is_python(line)):
            begins = not continues
            indent = "" if continues else line[: len(line) - len(line.lstrip())]
            run = None if continues or indent else _RUN.match(line)
            continues = line.endswith("\\")
            if run and (name := _beside(run.group(1), run.group(2), beside)):
                found.runs.append(name)
                out.append(f"from {name.replace('/', '.')} import *  # {line}")
                continue
            if run:
                found.absent.append((number, run.group(1) + (run.group(2) or ".py")))
            found.commands += begins
            out.append(f"{indent}pass  # {line.strip()}" if indent else f"# {line}")
            continue
        scanner.feed(line)
        out.append(line)
    found.code = "\n".join(out)
    return found


def _beside(name: str, suffix: str | None, beside: Collection[str]) -> str:
    """Return the module that `%run` names, where that file is there."""
    return name if any(f"{name}{one}" in beside for one in ([suffix] if suffix else [".py", ".ipynb"])) else ""


def _is_python(line: str) -> bool:
    try:
        parse(line.strip())
    except PARSE_ERRORS:
        return False
    return True


class _Scanner:
    """Follows brackets and strings from line to line, to know where a new statement may begin."""

    def __init__(self) -> None:
        self._depth = 0
        self._quote = ""
        self._joined = False

    @property
    def at_start(self) -> bool:
        return self._depth == 0 and not self._quote and not self._joined

    def feed(self, line: str) -> None:
        at = 0
        self._joined = False
        while at < len(line):
            character = line[at]
            if character == "\\":
                self._joined = at == len(line) - 1
                at += 2
            elif self._quote:
                if line.startswith(self._quote, at):
                    at += len(self._quote)
                    self._quote = ""
                else:
                    at += 1
            elif character == "#":
                break
            elif character in "'\"":
                self._quote = character * 3 if line.startswith(character * 3, at) else character
                at += len(self._quote)
            else:
                self._depth = max(0, self._depth + (character in "([{") - (character in ")]}"))
                at += 1
        if len(self._quote) == 1 and not self._joined:  # an ordinary string ends with its line
            self._quote = ""
