"""Turn sources into tokens that stay the same when names, layout, comments and the order of functions change.

A token is what one node of the syntax tree is, in the order in which the tree is read. Names that the author chose are
all alike; names of libraries and of the functions asked for stay.
"""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import NamedTuple

from autograder.errors import RejectedError
from autograder.syntax import parse

MOST = 200_000
"""Tokens of one hand-in, at most: some 20,000 lines."""
UNREADABLE = (SyntaxError, ValueError, RecursionError, MemoryError)
"""What parsing raises for text that is no Python, or too deep for it."""
_OWN = "name"
_TEXT = "text"
_DEFINITIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)
_SILENT = (ast.Import, ast.ImportFrom, ast.Pass, ast.Global, ast.Nonlocal, ast.expr_context)
_UNNAMED = (ast.Module, ast.Expr, ast.arguments, ast.withitem, ast.FormattedValue)


class Token(NamedTuple):
    """One token, and where it stands."""

    text: str
    file: str
    line: int


@dataclass(frozen=True)
class Names:
    """What names stand for: `own` and `attributes` are the author's choice, `imported` have the library's name."""

    own: frozenset[str]
    attributes: frozenset[str]
    imported: Mapping[str, str]


def tokenize(files: Mapping[str, str], fixed: frozenset[str] = frozenset()) -> list[list[Token]]:
    """Return the tokens of each function and, apart from them, of what lies around them. What is no Python is skipped.

    Args:
        files: the sources by path.
        fixed: names that nobody chose: those of the functions asked for.

    Raises:
        RejectedError: for more than any homework holds.
    """
    modules: dict[str, ast.Module] = {}
    for path in sorted(files):
        try:
            modules[path] = parse(files[path])
        except UNREADABLE:
            continue
    stems = {PurePosixPath(path).stem for path in files}
    own, attributes = _chosen(modules.values())
    units: list[list[Token]] = []
    count = 0
    for path, module in modules.items():
        names = Names(own - fixed, attributes - fixed, _imported(module, stems))
        for unit in _units(path, module, names):
            units.append(unit)
            count += len(unit)
            if count > MOST:
                raise RejectedError("it holds more code than can be compared: some 20,000 lines are the most")
    return units


def definitions(files: Mapping[str, str]) -> frozenset[str]:
    """Return the names of all functions, methods and classes that are defined."""
    found: set[str] = set()
    for source in files.values():
        try:
            module = parse(source)
        except UNREADABLE:
            continue
        found |= {node.name for node in ast.walk(module) if isinstance(node, _DEFINITIONS)}
    return frozenset(found)


def _chosen(modules: Iterable[ast.Module]) -> tuple[frozenset[str], frozenset[str]]:
    """Return the names, and the names of attributes, that are bound anywhere."""
    names: set[str] = set()
    attributes: set[str] = set()
    for module in modules:
        for node in ast.walk(module):
            match node:
                case ast.Name(ctx=ast.Store()):
                    names.add(node.id)
                case ast.arg():
                    names.add(node.arg)
                case ast.Attribute(ctx=ast.Store()):
                    attributes.add(node.attr)
                case ast.ClassDef():
                    names.add(node.name)
                    attributes |= {one.name for one in node.body if isinstance(one, _DEFINITIONS)}
                case ast.FunctionDef() | ast.AsyncFunctionDef():
                    names.add(node.name)
                case ast.ExceptHandler(name=str(name)) | ast.MatchAs(name=str(name)) | ast.MatchStar(name=str(name)):
                    names.add(name)
    return frozenset(names), frozenset(attributes)


def _imported(module: ast.Module, stems: set[str]) -> dict[str, str]:
    """Return what imported names are called in their library; those of the hand-in's own modules are its author's."""
    found: dict[str, str] = {}
    for node in ast.walk(module):
        match node:
            case ast.Import():
                for alias in node.names:
                    name = alias.asname or alias.name.partition(".")[0]
                    found[name] = "" if alias.name.partition(".")[0] in stems else alias.name.rpartition(".")[2]
            case ast.ImportFrom():
                own = node.level > 0 or (node.module or "").partition(".")[0] in stems
                for alias in node.names:
                    found[alias.asname or alias.name] = "" if own else alias.name
    return found


def _units(path: str, module: ast.Module, names: Names) -> Iterator[list[Token]]:
    waiting: list[list[ast.AST]] = [list(module.body)]
    while waiting:
        unit: list[Token] = []
        todo: list[tuple[ast.AST, int]] = [(node, getattr(node, "lineno", 1)) for node in reversed(waiting.pop())]
        while todo:  # a tree as deep as somebody likes: no recursion
            node, line = todo.pop()
            line = getattr(node, "lineno", line)
            if isinstance(node, _DEFINITIONS):
                waiting.append(_inside(node))
                continue
            text, children = _read(node, names)
            if text:
                unit.append(Token(text, path, line))
            todo += [(child, line) for child in reversed(children)]
        if unit:
            yield unit


def _inside(node: ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef) -> list[ast.AST]:
    """Return what a definition consists of, without its names and annotations."""
    outer: list[ast.expr | None] = list(node.decorator_list)
    outer += node.bases if isinstance(node, ast.ClassDef) else [*node.args.defaults, *node.args.kw_defaults]
    return [*(one for one in outer if one is not None), *node.body]


def _read(node: ast.AST, names: Names) -> tuple[str, list[ast.AST]]:
    """Return a node's token, or none, and the nodes below it that are read on."""
    match node:
        case ast.Name():
            return _name(node.id, names), []
        case ast.Attribute():
            return _attribute(node, names)
        case ast.Constant():
            return _TEXT if isinstance(node.value, str | bytes) else repr(node.value)[:40], []
        case ast.Expr(value=ast.Constant()):
            return "", []
        case ast.JoinedStr():
            return _TEXT, [part for part in node.values if isinstance(part, ast.FormattedValue)]
        case ast.keyword():
            return f"{'' if node.arg in names.own else node.arg}=", [node.value]
        case ast.arg():
            return _OWN, []
        case ast.BinOp():
            return type(node.op).__name__, [node.left, node.right]
        case ast.UnaryOp():
            return type(node.op).__name__, [node.operand]
        case ast.BoolOp():
            return type(node.op).__name__, list(node.values)
        case ast.Compare():
            return " ".join(type(op).__name__ for op in node.ops[:5]), [node.left, *node.comparators]
        case ast.AugAssign():  # as if it were written out
            return "Assign", [node.target, ast.BinOp(node.target, node.op, node.value)]
        case ast.AnnAssign():
            return ("Assign", [node.target, node.value]) if node.value else ("", [])
        case _ if isinstance(node, _SILENT):
            return "", []
    return "" if isinstance(node, _UNNAMED) else type(node).__name__, list(ast.iter_child_nodes(node))


def _name(name: str, names: Names) -> str:
    if name in names.imported:
        return names.imported[name] or _OWN
    return _OWN if name in names.own else name


def _attribute(node: ast.Attribute, names: Names) -> tuple[str, list[ast.AST]]:
    """Return an attribute's token: a library's function is the same, however it was imported."""
    root: ast.expr = node
    while isinstance(root, ast.Attribute):
        root = root.value
    if isinstance(root, ast.Name) and root.id in names.imported:
        return node.attr if names.imported[root.id] else _OWN, []
    return _OWN if node.attr in names.attributes else node.attr, [node.value]
