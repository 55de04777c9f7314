"""Read a notebook's code cells as one module.

nbformat is not used: it refuses what students hand in, such as cells without ids or metadata, old versions, and outputs
of the wrong shape. Only `cells` and their `source` are read.
"""

from __future__ import annotations

import json
import re
import textwrap
from bisect import bisect_right
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Any

from autograder.errors import RejectedError
from autograder.intake.commands import left_out, plain
from autograder.intake.recovery import PARSE_ERRORS, recover
from autograder.intake.text import MAX_SOURCE, decoded, tidy
from autograder.syntax import parse

MAX_CELLS = 2_000

_CONFLICT = re.compile(r"^(?:<{7}|>{7}) ", re.MULTILINE)


@dataclass
class Notebook:
    """The code cells, joined. `files` are modules that cells write with `%%writefile`, `prose` the other cells."""

    source: str
    notes: list[str] = field(default_factory=list)
    files: dict[str, str] = field(default_factory=dict)
    runs: list[str] = field(default_factory=list)
    cell_starts: list[int] = field(default_factory=list)
    prose: list[tuple[str, str]] = field(default_factory=list)

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


def read_notebook(data: bytes, name: str, beside: Collection[str] = ()) -> Notebook:
    """Parse leniently: nbformat 3 or 4, with or without metadata. `beside` are the files that `%run` may name.

    Raises `RejectedError`.
    """
    every = [(cell.get("cell_type"), source_of(cell)) for cell in cells_of(data, name)]
    cells = [source for kind, source in every if kind == "code"]
    if not any(cell.strip() for cell in cells):
        raise RejectedError(f"{name} has no code in it. Save your notebook, and hand it in again.")
    if len(cells) > MAX_CELLS or sum(map(len, cells)) > MAX_SOURCE:
        raise RejectedError(f"{name} holds more than {MAX_SOURCE:,} characters of code. Hand in only what you wrote.")
    notebook = _join(cells, beside)
    notebook.prose = [
        (f"a {'text' if kind == 'markdown' else 'raw'} cell (cell {number} of all)", source)
        for number, (kind, source) in enumerate(every[:MAX_CELLS], 1)
        if kind in ("markdown", "raw")
    ]
    return notebook


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


def _join(cells: list[str], beside: Collection[str]) -> Notebook:
    notebook = Notebook("")
    parts: list[str] = []
    line, commands = 1, 0
    for number, cell in enumerate(cells, 1):

        def place(at: int, number: int = number) -> str:
            return f"code cell {number}, line {at}"

        found = plain(cell, beside)
        commands += found.commands
        notebook.files |= found.files
        notebook.runs += found.runs
        notebook.notes += found.notes(place)
        notebook.cell_starts.append(line)
        recovered, notes = recover(_dedented(found.code), place)
        notebook.notes += notes
        parts.append(f"# cell {number}\n{recovered}")
        line += recovered.count("\n") + 2
    notebook.source = "\n".join(parts) + "\n"
    if commands:
        notebook.notes.append(left_out(commands))
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
