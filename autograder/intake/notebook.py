"""Read a notebook's code cells as one module.

nbformat is not used: it refuses what students hand in, such as cells without ids or metadata, old versions, and outputs
of the wrong shape. Only `cells` and their `source` are read.
"""

from __future__ import annotations

import json
import re
import textwrap
from bisect import bisect_right
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from autograder.errors import RejectedError
from autograder.intake.recovery import PARSE_ERRORS, recover
from autograder.intake.text import MAX_SOURCE, decoded, tidy
from autograder.syntax import parse

MAX_CELLS = 2_000

_KEEPS_BODY = frozenset({"time", "timeit", "capture", "prun", "memit", "python", "python3", "py3"})
_CELL_MAGIC = re.compile(r"%%\s*(\w+)[ \t]*(.*)")
_COMMAND = re.compile(r"\s*(?:[%!]|\?{1,2}\s*\w)|\s*[\w.%\[\]'\"]+\?{1,2}\s*$|[\w\s.,\[\]'\"]+=\s*(?:!(?!=)|%\s*\w)")
_CONFLICT = re.compile(r"^(?:<{7}|>{7}) ", re.MULTILINE)
_WRITES_FILE = re.compile(r"(?:-a\s+|--append\s+)?[\"']?(?:\./)?(\w[\w-]*\.py)[\"']?\s*$")


@dataclass
class Notebook:
    """The code cells, joined. `files` are modules that cells write with `%%writefile`."""

    source: str
    notes: list[str] = field(default_factory=list)
    files: dict[str, str] = field(default_factory=dict)
    cell_starts: list[int] = field(default_factory=list)

    def place(self, line: int) -> str:
        """Return a line of the joined source as the student knows it: "code cell 4, line 2"."""
        cell = bisect_right(self.cell_starts, line)
        if cell == 0:
            return f"line {line}"
        return f"code cell {cell}, line {max(1, line - self.cell_starts[cell - 1])}"


def looks_like_notebook(data: bytes) -> bool:
    """Return whether the content is a notebook's, whatever the file is called."""
    head = data[:4096].lstrip(b"\xef\xbb\xbf \t\r\n")
    return head.startswith(b"{") and (b'"cells"' in data or b'"worksheets"' in data)


def cells_of(data: bytes, name: str) -> list[dict[str, Any]]:
    """Return everything in a notebook that looks like a cell, in order. Raises `RejectedError`."""
    return _cells(_document(data, name), name)


def read_notebook(data: bytes, name: str) -> Notebook:
    """Parse leniently: nbformat 3 or 4, with or without metadata. Raises `RejectedError`."""
    cells = [source_of(cell) for cell in cells_of(data, name) if cell.get("cell_type") == "code"]
    if not any(cell.strip() for cell in cells):
        raise RejectedError(f"{name} has no code in it. Save your notebook, and hand it in again.")
    if len(cells) > MAX_CELLS or sum(map(len, cells)) > MAX_SOURCE:
        raise RejectedError(f"{name} holds more than {MAX_SOURCE:,} characters of code. Hand in only what you wrote.")
    return _join(cells)


def _not_json(text: str, name: str, error: Exception) -> RejectedError:
    """Return the error for a file that is no notebook, with what to do next."""
    if conflict := _CONFLICT.search(text):
        line = text.count("\n", 0, conflict.start()) + 1
        return RejectedError(
            f"{name} holds a merge conflict (line {line}). Settle it, open the notebook once more to check, "
            "and hand it in again."
        )
    if text.lstrip().startswith("<"):
        return RejectedError(
            f"{name} is a web page, not a notebook. Use File > Download > Download .ipynb and hand that in."
        )
    detail = f" (line {error.lineno})" if isinstance(error, json.JSONDecodeError) else ""
    return RejectedError(
        f"{name} is damaged: it stops being a notebook{detail}. Open it in Jupyter, save it and hand it in again; "
        "or hand in your code as a .py file."
    )


def _document(data: bytes, name: str) -> Any:
    text = decoded(data, name)
    if not text.strip():
        raise RejectedError(f"{name} is empty. Save your notebook, open it once more to check, and hand it in again.")
    try:
        return json.loads(text)
    except (ValueError, RecursionError) as error:
        raise _not_json(text, name, error) from None


def _cells(document: Any, name: str) -> list[dict[str, Any]]:
    """Return everything that looks like a cell, in order."""
    cells = document.get("cells") if isinstance(document, dict) else None
    if not isinstance(cells, list):
        sheets = document.get("worksheets") if isinstance(document, dict) else None  # nbformat 3
        if not isinstance(sheets, list):
            raise RejectedError(
                f"{name} has no cells: it is not a notebook. Hand in the .ipynb file that Jupyter saves."
            )
        lists = [sheet.get("cells") for sheet in sheets if isinstance(sheet, dict)]
        cells = [cell for found in lists if isinstance(found, list) for cell in found]
    return [cell for cell in cells if isinstance(cell, dict)]


def source_of(cell: Mapping[str, Any]) -> str:
    """Return the text of a cell; nothing where it has none."""
    source = cell.get("source", cell.get("input", ""))
    if isinstance(source, list):
        source = "".join(part for part in source if isinstance(part, str))
    return tidy(source).replace("\0", "") if isinstance(source, str) else ""


def _join(cells: list[str]) -> Notebook:
    notebook = Notebook("")
    parts: list[str] = []
    line, commands = 1, 0
    for number, cell in enumerate(cells, 1):
        code, count, file = _plain(cell)
        commands += count
        if file is not None:
            notebook.files[file[0]] = file[1]
        notebook.cell_starts.append(line)
        recovered, notes = recover(_dedented(code), lambda at, number=number: f"code cell {number}, line {at}")  # type: ignore[misc]
        notebook.notes += notes
        parts.append(f"# cell {number}\n{recovered}")
        line += recovered.count("\n") + 2
    notebook.source = "\n".join(parts) + "\n"
    if commands:
        what = "1 notebook command was" if commands == 1 else f"{commands} notebook commands were"
        notebook.notes.append(f"{what} left out (lines such as `%matplotlib` or `!pip`): they do not run here.")
    return notebook


def _dedented(code: str) -> str:
    """Return a cell without the indentation it was pasted with: Jupyter runs it, so it counts."""
    if code[:1] in (" ", "\t") or code.lstrip("\n")[:1] in (" ", "\t"):
        dedented = textwrap.dedent(code)
        try:
            parse(dedented)
        except PARSE_ERRORS:
            return code
        return dedented
    return code


def _plain(cell: str) -> tuple[str, int, tuple[str, str] | None]:
    """Return a cell without notebook commands, the number of commands, and the module it writes, if any."""
    try:
        parse(cell)
        return cell, 0, None
    except PARSE_ERRORS:
        pass
    lines = cell.split("\n")
    first = next((number for number, line in enumerate(lines) if line.strip()), 0)
    magic = _CELL_MAGIC.match(lines[first])
    if magic is None:
        code, count = _without_commands(lines)
        return code, count, None
    if magic.group(1) in _KEEPS_BODY:
        lines[first] = f"# {lines[first]}"
        code, count = _without_commands(lines)
        return code, count + 1, None
    file = _WRITES_FILE.fullmatch(magic.group(2)) if magic.group(1) in ("writefile", "file") else None
    body = "\n".join(lines[first + 1 :])
    return "\n".join(f"# {line}" if line.strip() else "" for line in lines), 1, (file.group(1), body) if file else None


def _without_commands(lines: list[str]) -> tuple[str, int]:
    """Comment out lines that only a notebook understands; return the text and the number of these lines."""
    scanner = _Scanner()
    out: list[str] = []
    count = 0
    continues = False
    for line in lines:
        if continues or (scanner.at_start and _COMMAND.match(line) and not _is_python(line)):
            indent = "" if continues else line[: len(line) - len(line.lstrip())]
            count += not continues
            continues = line.endswith("\\")
            out.append(f"{indent}pass  # {line.strip()}" if indent else f"# {line}")
            continue
        scanner.feed(line)
        out.append(line)
    return "\n".join(out), count


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
