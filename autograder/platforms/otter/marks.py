"""Read otter's marks in a code cell: `# SOLUTION` behind a line, regions, prompts, and what students do not get."""

from __future__ import annotations

import re
from collections.abc import Sequence

from autograder.release.importing.master import Code, Line

_BEGIN = re.compile(r"^\s*#\s*BEGIN SOLUTION(\s+NO PROMPT)?\s*$", re.IGNORECASE)
_END = re.compile(r"#\s*END SOLUTION\s*$", re.IGNORECASE)
_LINE = re.compile(r"\s*#\s*SOLUTION(\s+NO PROMPT)?\s*$")
_SEED = re.compile(r"\s*#\s*SEED\s*$")
_BEGIN_PROMPT = re.compile(r"^\s*(?:\"\"\"|''')\s*;?\s*#\s*BEGIN PROMPT\s*$", re.IGNORECASE)
_END_PROMPT = re.compile(r"^\s*(?:\"\"\"|''')\s*;?\s*#\s*END PROMPT\s*$", re.IGNORECASE)
_IGNORED = re.compile(r"#\s*IGNORE\s*$", re.IGNORECASE)
_BEGIN_IGNORED = re.compile(r"^\s*#\s*BEGIN\s*IGNORE\b", re.IGNORECASE)
_END_IGNORED = re.compile(r"#\s*END\s*IGNORE\s*$", re.IGNORECASE)
_TARGET = re.compile(r"^(\s*[\w.]+(?:\[[^\]]*\])*(?:\s*,\s*[\w.]+)*\s*(?::[^=]+)?=)(?!=)")
PLACEHOLDER = "..."
"""What otter leaves in the place of a solution."""


def is_marked(source: str) -> bool:
    """Return whether a cell has marks of solutions."""
    return any(_BEGIN.match(line) or _LINE.search(line) or _BEGIN_PROMPT.match(line) for line in source.split("\n"))


def without_ignored(source: str) -> str:
    """Return a cell without the lines that are the author's only."""
    return "\n".join(line for line in source.split("\n") if not _IGNORED.search(line))


def code_of(number: int, source: str, question: str, *, prompt: Sequence[str] = (), whole: bool = False) -> Code:
    """Return a code cell without its marks.

    Args:
        number: The cell's number.
        source: Its text.
        question: The question that it belongs to.
        prompt: What students get in the place of the whole cell.
        whole: Whether a cell without marks is a solution as a whole.
    """
    reading = _Reading()
    for line in source.split("\n"):
        reading.take(line)
    if prompt or (whole and not reading.region):
        lines = tuple(Line(line.text, 1) for line in reading.lines)
        return Code(number, lines, {1: tuple(prompt)} if prompt else {}, question)
    return Code(number, tuple(reading.lines), {one: tuple(text) for one, text in reading.instead.items()}, question)


class _Reading:
    """The lines of a cell as they are read, each with its region, and what students get instead of the regions."""

    def __init__(self) -> None:
        self.lines: list[Line] = []
        self.instead: dict[int, list[str]] = {}
        self.region = 0
        self._state = ""
        self._single = False

    def take(self, text: str) -> None:
        """Take the next line."""
        if self._state == "ignored":
            self._state = "" if _END_IGNORED.search(text) else "ignored"
        elif self._state == "prompt":
            if _END_PROMPT.match(text):
                self._state = ""
            else:
                self.instead.setdefault(max(self.region, 1), []).append(text)
        elif _BEGIN_IGNORED.match(text):
            self._state = "ignored"
        elif _IGNORED.search(text):
            return
        elif _BEGIN_PROMPT.match(text):
            self._state = "prompt"
            self.instead[max(self.region, 1)] = []
        elif begin := _BEGIN.match(text):
            self._state, self._single = "solution", False
            self.region += 1
            if begin[1]:
                self.instead.setdefault(self.region, [])
        elif _END.search(text):
            self._state = ""
        elif self._state == "solution":
            self.lines.append(Line(_LINE.sub("", text), self.region))
        else:
            self._outside(text)

    def _outside(self, text: str) -> None:
        """Take a line that is in no region, or one by itself."""
        mark = _LINE.search(text) or _SEED.search(text)
        bare = text[: mark.start()] if mark else text
        if mark and bare.strip():
            if not self._single:
                self.region += 1
            silent = bool(_SEED.search(text)) or bool(mark.group(1) if mark.re is _LINE else "")
            told = self.instead.setdefault(self.region, [])
            if not silent:
                target = _TARGET.match(bare)
                indent = bare[: len(bare) - len(bare.lstrip())]
                told.append(f"{target[1]} {PLACEHOLDER}" if target else f"{indent}{PLACEHOLDER}")
            self.lines.append(Line(bare, self.region))
        else:
            self.lines.append(Line(text))
        self._single = bool(mark and bare.strip())
