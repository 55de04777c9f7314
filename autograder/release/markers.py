"""Know the markers of solutions that are not ours: other tools', and our own with a slip in them.

What stands between such markers is not cut, so a release that holds one gives the solution away.
"""

from __future__ import annotations

import difflib
import io
import json
import re
import unicodedata
import zipfile
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

BEGIN = "write `# SOLUTION`, alone on its line, where the solution begins"
END = "write `# END`, alone on its line, where the solution ends"
AROUND = "put the line between `# SOLUTION` and `# END`, each alone on its line"
STARTER = "what students get instead goes between `# STARTER` and `# END`, as comments"
TESTS = "take it out: hidden tests are checks in checks.py"
CELL = "tags, titles and options of a cell hide nothing: put the solution between `# SOLUTION` and `# END`"
TEXT = "a folded solution is there to be read: take it out, or keep it for after the deadline"

ARRAYS = (".npz", ".pt", ".pth")
"""Zips that hold numbers."""
MAX_LINE = 1_000
"""Characters of a line that can be a marker's. Longer ones are data."""
MAX_INSIDE = 20_000_000
"""Bytes of an archive's entry that are looked at."""

_COMMENT = r"""(?:\#|//|%%|<!--|--|\*\*|===|\"\"\"|''')[\W_]*"""
_FILLER = r"(?:(?:OF|THE|YOUR|OUR|MY|MODEL|SAMPLE|REFERENCE|STUDENT)[\W_]+)*"
_HEADER = re.compile(r"\s*#\s*(?:%%|\+(?=\s|$))")
_HIDES = re.compile(
    r"\b(solution2?|answer|instructor|teacher|staff|hide|hidden|remove|private)(?![a-z])", re.IGNORECASE
)
_NO_SOLUTION = re.compile(r"""["']?solution["']?\s*[:=]\s*false""", re.IGNORECASE)
_MAYBE = re.compile(r"sol|sta|stop|end|hid|assign|begin|answer|echo|include|fold", re.IGNORECASE)
"""Finds the few lines of a large file that are worth a closer look."""
_WORD = re.compile(r"^\s*#[\W_]*([A-Z]{5,11})[\W_]*$")


def _any(pattern: str) -> re.Pattern[str]:
    return re.compile(pattern, re.IGNORECASE)


_KNOWN: tuple[tuple[re.Pattern[str], str], ...] = (
    (_any(rf"{_COMMENT}(?:BEGIN|START|END|STOP)[\W_]*{_FILLER}(?:HIDDEN[\W_]*)+TESTS?\b"), TESTS),
    (_any(rf"{_COMMENT}(?:BEGIN|START|END|STOP)[\W_]*{_FILLER}MARK(?:ING)?[\W_]*SCHEME"), TESTS),
    (re.compile(rf"{_COMMENT}(?:BEGIN|END)[\W_]+(?:TESTS?(?:[\W_]+CONFIG)?|QUESTION|PLUGIN)\b"), TESTS),
    (re.compile(rf"{_COMMENT}ASSIGNMENT CONFIG\b"), TESTS),
    (_any(rf"{_COMMENT}(?:BEGIN|START|END|STOP)[\W_]*{_FILLER}PROMPT\b"), STARTER),
    (_any(rf"{_COMMENT}(?:END|STOP)[\W_]*{_FILLER}(?:SOLUTIONS?|SOLN)(?![a-z])"), END),
    (_any(rf"{_COMMENT}(?:BEGIN|START)[\W_]*{_FILLER}(?:SOLUTIONS?|SOLN)(?![a-z])"), BEGIN),
    (re.compile(rf"{_COMMENT}(?:END|STOP)[\W_]+{_FILLER}(?:CODE|ANSWER|IMPLEMENTATION|ASSIGN\w*)"), END),
    (re.compile(rf"{_COMMENT}(?:BEGIN|START)[\W_]+{_FILLER}(?:CODE|ANSWER|IMPLEMENTATION|ASSIGN\w*)"), BEGIN),
    (_any(r"\*{3,}\s*END\b"), END),
    (_any(r"\*{3,}\s*START\b"), BEGIN),
    (_any(rf"{_COMMENT}solution[\W_]*(?:end|stop)s?\b"), END),
    (_any(rf"{_COMMENT}solution[\W_]*(?:begin|start)s?\b"), BEGIN),
    (re.compile(r"^\s*#\s*ASSIGN\d"), BEGIN),
    (_any(r"\bSOLUTION[\W_]+NO[\W_]+PROMPT\b"), AROUND),
    (_any(r"\S.*#[\W_]*solution[\W_]*$"), AROUND),
    (re.compile(r"\w.*#[\W_]*SOLUTION\b"), AROUND),
    (_any(rf"^\s*{_COMMENT}</\s*solution\W*$"), END),
    (_any(rf"^\s*{_COMMENT}solutions?[\W_]*$"), BEGIN),
    (_any(rf"^\s*{_COMMENT}solution\s*[:\u2010-\u2015-]"), BEGIN),
    (re.compile(rf"^\s*{_COMMENT}SOLUTIONS?\b"), BEGIN),
    (_any(r"^\s*#[\W_]*starter[\W_]*$"), "write `# STARTER`, alone on its line"),
    (re.compile(r"^\s*#[\W_]*STARTER\b"), "write `# STARTER`, alone on its line"),
    (_any(r"^\s*#[\W_]*end[\W_]*$"), END),
    (_any(r"^\s*#\s*\|?\s*(?:hide|hidden|solution)(?:[-_]\w+)?\s*$"), CELL),
    (_any(r"^\s*#\s*\|\s*(?:echo|include|code-fold)\s*:"), CELL),
    (_any(r"^\s*%%\s*solution"), CELL),
    (_any(r"\{[^}\s]*\b(?:solution|answer)\b[^}\s]*\}"), TEXT),
    (_any(r"\{(?:dropdown|admonition|toggle|details|note|tip|hint)\}\W*(?:the\s+)?(?:solution|answer)"), TEXT),
    (_any(r"<(?:summary|details)\b[^>]*>\W*(?:<\w+>\W*)?(?:show\s+)?(?:the\s+)?(?:solution|answer)"), TEXT),
    (_any(r"^\W*:class:.*\bsolution"), TEXT),
)
"""Patterns of markers, each with what to write instead. The first that is found counts."""


@dataclass(frozen=True)
class Marker:
    """A line that looks like a marker, and is none of ours.

    Attributes:
        line: Its number in its file.
        text: The line.
        instead: What to write instead.
    """

    line: int
    text: str
    instead: str

    def __str__(self) -> str:
        shown = self.text if len(self.text) <= 80 else self.text[:77] + "..."
        return f"line {self.line}: `{shown}` marks nothing here, so what it marks would be released: {self.instead}"


def markers(lines: Iterable[tuple[int, str]]) -> Iterator[Marker]:
    """Yield the lines, given with their numbers, that mark a solution in another dialect than ours."""
    for number, line in lines:
        if len(line) > MAX_LINE:
            continue
        instead = _instead(line if line.isascii() else unicodedata.normalize("NFKC", line))
        if instead:
            yield Marker(number, line.strip(), instead)


def markers_in(files: Mapping[str, bytes]) -> Iterator[str]:
    """Yield a finding for every marker in files by relative path: in texts, notebooks, and the entries of zips."""
    for name, data in files.items():
        if inside := entries_of(name, data):
            yield from markers_in(inside)
            continue
        try:
            text = data.decode("utf-8-sig")
        except UnicodeDecodeError:
            continue
        if "\0" in text:
            continue
        if name.endswith(".ipynb"):
            yield from _in_notebook(name, text)
        else:
            yield from (f"{name}, {one}" for one in markers(enumerate(text.splitlines(), 1)))


def _instead(line: str) -> str:
    """Return what to write instead of a line; "" where it is no marker."""
    if _HEADER.match(line):
        return CELL if _HIDES.search(_NO_SOLUTION.sub("", line)) else ""
    if not _MAYBE.search(line):
        return ""
    for pattern, instead in _KNOWN:
        if pattern.search(line):
            return instead
    word = _WORD.match(line)
    near = difflib.get_close_matches(word[1], ("SOLUTION", "STARTER"), 1, 0.85) if word else []
    return f"write `# {near[0]}`, alone on its line" if near else ""


def entries_of(name: str, data: bytes) -> dict[str, bytes]:
    """Return the files in a zip by their path; none where it is no zip, or one of arrays."""
    if name.endswith(ARRAYS) or not data.startswith(b"PK"):
        return {}
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            inside = [one for one in archive.infolist() if not one.is_dir() and one.file_size <= MAX_INSIDE]
            return {f"{name}/{one.filename}": archive.read(one) for one in inside}
    except (zipfile.BadZipFile, RuntimeError, NotImplementedError, OSError):
        return {}  # encrypted or damaged: nobody reads it


def _in_notebook(name: str, text: str) -> Iterator[str]:
    """Yield what is found in a notebook's cells: in their text, and in their tags and nbgrader's metadata."""
    try:
        cells = json.loads(text)["cells"]
        found = [(cell["source"], cell.get("metadata") or {}) for cell in cells]
    except (ValueError, LookupError, TypeError, AttributeError):
        yield from (f"{name}, {one}" for one in markers(enumerate(text.splitlines(), 1)))
        return
    for number, (source, metadata) in enumerate(found, 1):
        lines = "".join(source).splitlines()
        yield from (f"{name}, cell {number}, {one}" for one in markers(enumerate(lines, 1)))
        if _hides(metadata):
            yield f"{name}, cell {number}: its metadata says that it is a solution, and it would be released: {CELL}"


def _hides(metadata: Any) -> bool:
    tags = metadata.get("tags") if isinstance(metadata, dict) else None
    nbgrader = metadata.get("nbgrader") if isinstance(metadata, dict) else None
    solved = isinstance(nbgrader, dict) and nbgrader.get("solution") is True and nbgrader.get("grade") is not True
    return solved or any(_HIDES.search(str(tag)) for tag in (tags if isinstance(tags, list) else ()))
