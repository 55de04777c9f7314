"""Whose a name is: a student's, or given; and what of the given code a test needs."""

from __future__ import annotations

import ast
import builtins
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from enum import StrEnum

from autograder.release.importing.master import Code

_BUILTIN = frozenset(dir(builtins))


class Kind(StrEnum):
    """What a student's name stands for."""

    FUNCTION = "function"
    GENERATOR = "generator"
    CLASS = "class"
    VARIABLE = "variable"


@dataclass(frozen=True)
class Statement:
    """A statement at the top level of a code cell.

    Attributes:
        node: The statement.
        first: Its first line in the cell, from 0; decorators count.
        last: The line after its last.
        binds: The names that it sets, or changes a part of.
        loads: The names that it reads when it is run.
        inside: The names that it reads later: those in the bodies of functions.
    """

    node: ast.stmt
    first: int
    last: int
    binds: frozenset[str]
    loads: frozenset[str]
    inside: frozenset[str]


def statements(code: Code) -> list[Statement]:
    """Return the statements of a code cell. Raises `SyntaxError` where it is not Python."""
    found = []
    for node in ast.parse("\n".join(plain(line.text) for line in code.lines)).body:
        decorators = getattr(node, "decorator_list", [])
        first = min([node.lineno, *(one.lineno for one in decorators)]) - 1
        now, later = reads(node)
        found.append(Statement(node, first, node.end_lineno or node.lineno, frozenset(bound(node)), now, later))
    return found


def plain(line: str) -> str:
    """Return a line as Python has it: what only a notebook knows is a comment."""
    return f"# {line}" if line.lstrip()[:1] in ("%", "!") else line


def bound(node: ast.AST) -> Iterator[str]:
    """Yield the names that a statement sets at its own level, and those whose parts it changes."""
    if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
        yield node.name
        return
    if isinstance(node, ast.Import | ast.ImportFrom):
        yield from ((alias.asname or alias.name).partition(".")[0] for alias in node.names)
        return
    if isinstance(node, ast.Lambda | ast.ListComp | ast.SetComp | ast.DictComp | ast.GeneratorExp):
        return
    if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
        yield node.id
    if isinstance(node, ast.Subscript | ast.Attribute) and isinstance(node.ctx, ast.Store):
        root: ast.expr = node
        while isinstance(root, ast.Subscript | ast.Attribute):
            root = root.value
        if isinstance(root, ast.Name):
            yield root.id
    for child in ast.iter_child_nodes(node):
        yield from bound(child)


def reads(node: ast.AST) -> tuple[frozenset[str], frozenset[str]]:
    """Return the names that a statement reads when it is run, and those that it reads when it is called."""
    now, later = set[str](), set[str]()
    _reads(node, now, later)
    return frozenset(now), frozenset(later)


def _reads(node: ast.AST, now: set[str], later: set[str]) -> None:
    if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda):
        body = node.body if isinstance(node.body, list) else [node.body]
        for one in body:
            _reads(one, later, later)
        for child in ast.iter_child_nodes(node):
            if child not in body:
                _reads(child, now, later)
        return
    if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load):
        now.add(node.id)
    for child in ast.iter_child_nodes(node):
        _reads(child, now, later)


@dataclass
class Names:
    """The names of a whole notebook.

    Attributes:
        kinds: What each of the students' names stands for, in the order in which they are bound.
        questions: The question that each of them belongs to.
        given: The given statements, in order.
        reaching: Given names that come of students' names, or call them.
    """

    kinds: dict[str, Kind] = field(default_factory=dict)
    questions: dict[str, str] = field(default_factory=dict)
    given: list[Statement] = field(default_factory=list)
    reaching: set[str] = field(default_factory=set)

    def is_students(self, names: frozenset[str] | set[str]) -> bool:
        """Return whether one of the names is a student's, comes of one, or calls one."""
        return not names.isdisjoint(self.kinds) or not names.isdisjoint(self.reaching)

    def needed(self, wanted: set[str]) -> list[Statement]:
        """Return the given statements that some names need, in order: all that set or change them, and so on."""
        wanted, chosen = set(wanted), set[int]()
        while True:
            more = {
                at for at, one in enumerate(self.given)
                if at not in chosen and one.binds & wanted - self.kinds.keys() - _BUILTIN
            }  # fmt: skip
            if not more:
                return [self.given[at] for at in sorted(chosen)]
            chosen |= more
            for at in more:
                wanted |= self.given[at].loads | self.given[at].inside


def names_of(codes: Sequence[Code]) -> Names:
    """Return whose the names of a notebook are. Cells that are not Python count for nothing."""
    names = Names()
    for code in codes:
        for one in _parsed(code):
            imports = isinstance(one.node, ast.Import | ast.ImportFrom)
            if imports or not any(line.region for line in code.lines[one.first : one.last]):
                names.given.append(one)
                continue
            for name in bound(one.node):  # in their order
                names.kinds.setdefault(name, _kind(one.node))
                names.questions.setdefault(name, code.question)
    before = -1
    while len(names.reaching) > before:
        before = len(names.reaching)
        for one in names.given:
            if names.is_students(one.loads | one.inside):
                names.reaching |= one.binds - names.kinds.keys()
    return names


def _parsed(code: Code) -> list[Statement]:
    try:
        return statements(code)
    except SyntaxError:
        return []


def _kind(node: ast.stmt) -> Kind:
    if isinstance(node, ast.ClassDef):
        return Kind.CLASS
    if isinstance(node, ast.FunctionDef) and any(isinstance(one, ast.Yield | ast.YieldFrom) for one in ast.walk(node)):
        return Kind.GENERATOR
    function = isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
    bare = isinstance(node, ast.Assign) and isinstance(node.value, ast.Lambda)
    return Kind.FUNCTION if function or bare else Kind.VARIABLE
