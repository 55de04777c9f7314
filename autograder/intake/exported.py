"""Read modules that programs wrote from notebooks: what nbconvert made of cell magics, and marimo's own format."""

from __future__ import annotations

import ast
import re
from bisect import bisect_right
from collections.abc import Collection, Iterator
from dataclasses import dataclass, field

from autograder.intake.commands import left_out, plain
from autograder.intake.recovery import PARSE_ERRORS, Place
from autograder.syntax import parse

_MAGIC = re.compile(r"^get_ipython\(\)\.run_(?:cell|line)_magic\(", re.MULTILINE)
_CELLS = ("cell", "function", "class_definition")


@dataclass
class Module:
    """A module without what only notebooks understand, with the notes on that and the modules that its cells write."""

    text: str
    place: Place
    notes: list[str] = field(default_factory=list)
    files: dict[str, str] = field(default_factory=dict)
    runs: list[str] = field(default_factory=list)


def plain_module(text: str, beside: Collection[str] = ()) -> Module:
    """Return a module as plain Python. `beside` are the files that `%run` may name."""
    module = Module(_without_marimo(text), lambda line: f"line {line}")
    if not _MAGIC.search(text):
        return module
    lines: list[str] = []
    starts: list[int] = []
    commands = 0
    for number, line in enumerate(module.text.split("\n"), 1):
        starts.append(len(lines) + 1)
        cell = _cell(line)
        if cell is None:
            lines.append(line)
            continue
        found = plain(cell, beside)
        commands += found.commands
        module.files |= found.files
        module.runs += found.runs
        module.notes += found.notes(lambda at, number=number: f"line {number}")  # type: ignore[misc]
        lines += found.code.split("\n")
    if commands:
        module.notes.append(left_out(commands))
    module.text, module.place = "\n".join(lines), lambda line: f"line {bisect_right(starts, line)}"
    return module


def _cell(line: str) -> str | None:
    """Return what a line was in the notebook: nbconvert writes a cell that begins with `%%time` as one call of
    `get_ipython().run_cell_magic`, and a line `%run x.py` as one of `run_line_magic`. None for any other line."""
    if not _MAGIC.match(line):
        return None
    try:
        body = parse(line).body
    except PARSE_ERRORS:
        return None
    match body:
        case [ast.Expr(value=ast.Call(func=ast.Attribute(attr="run_cell_magic"), args=[name, given, cell]))]:
            parts, sign = [name, given, cell], "%%"
        case [ast.Expr(value=ast.Call(func=ast.Attribute(attr="run_line_magic"), args=[name, given]))]:
            parts, sign = [name, given, ast.Constant("")], "%"
        case _:
            return None
    values = [part.value for part in parts if isinstance(part, ast.Constant) and isinstance(part.value, str)]
    if len(values) != len(parts):
        return None
    return f"{sign}{values[0]} {values[1]}".rstrip() + (f"\n{values[2].rstrip()}" if values[2] else "")


def _without_marimo(text: str) -> str:
    """Return a marimo notebook's cells as a plain module, line for line; any other text as it is."""
    if "marimo.App(" not in text:
        return text
    try:
        body = parse(text).body
    except PARSE_ERRORS:
        return text
    lines = text.split("\n")
    for statement in body:
        if _is_marimos(statement):
            _comment(lines, statement.lineno, statement.end_lineno or statement.lineno)
        elif isinstance(statement, ast.With) and _of_app(statement.items[0].context_expr) == "setup":
            _comment(lines, statement.lineno, statement.body[0].lineno - 1)
            _dedent(lines, statement.body)
        elif isinstance(statement, ast.FunctionDef | ast.ClassDef):
            kinds = set(_marks(statement))
            if "cell" in kinds and isinstance(statement, ast.FunctionDef):
                _comment(lines, statement.decorator_list[0].lineno, statement.body[0].lineno - 1)
                *_, last = statement.body
                if isinstance(last, ast.Return):
                    _comment(lines, last.lineno, last.end_lineno or last.lineno)
                _dedent(lines, statement.body)
            elif kinds:
                _comment(lines, statement.decorator_list[0].lineno, statement.lineno - 1)
    return "\n".join(lines)


def _is_marimos(statement: ast.stmt) -> bool:
    match statement:
        case ast.Import(names=[ast.alias(name="marimo")]):
            return True
        case ast.Assign(value=ast.Call(func=ast.Attribute(value=ast.Name(id="marimo"), attr="App"))):
            return True
        case _:
            return False


def _marks(statement: ast.FunctionDef | ast.ClassDef) -> Iterator[str]:
    for decorator in statement.decorator_list:
        if (kind := _of_app(decorator)) in _CELLS:
            yield kind


def _of_app(node: ast.expr) -> str:
    """Return "cell" for `app.cell` and `app.cell(hide_code=True)`."""
    node = node.func if isinstance(node, ast.Call) else node
    match node:
        case ast.Attribute(value=ast.Name(id="app"), attr=kind):
            return kind
        case _:
            return ""


def _comment(lines: list[str], first: int, last: int) -> None:
    for at in range(first - 1, last):
        lines[at] = f"# {lines[at]}" if lines[at].strip() else ""


def _dedent(lines: list[str], body: list[ast.stmt]) -> None:
    """Move a block to the left margin."""
    first, last = body[0], body[-1]
    start = first.decorator_list[0].lineno if getattr(first, "decorator_list", None) else first.lineno  # type: ignore[attr-defined]
    for at in range(start - 1, last.end_lineno or last.lineno):
        line = lines[at]
        indent = len(line) - len(line.lstrip(" "))
        lines[at] = line[min(indent, first.col_offset) :]
