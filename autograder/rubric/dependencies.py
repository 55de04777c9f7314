"""What the results of a function's checks depend on: where that is unchanged, a result stands.

Comments, formatting and docstrings change nothing, nor do other exercises, the handout, or right solutions.
"""

from __future__ import annotations

import ast
import hashlib
from collections.abc import Iterator, Sequence
from functools import cached_property
from pathlib import Path
from types import CodeType
from typing import Any

from autograder.files import digest_of
from autograder.rubric.authored import PICTURES, SOLUTION, modules, parsed
from autograder.rubric.cases import Cases
from autograder.rubric.rubric import Rubric
from autograder.rubric.slicing import bound_by
from autograder.rubric.variants import Mutant
from autograder.syntax import is_main_guard

HANDOUT = "handout.md"
MADE = {"__pycache__", PICTURES}
PLACE = "__file__"
"""How a module finds files of its own: what reads this depends on all data of the folder."""


def dependencies(folder: Path, rubric: Rubric, mutants: list[Mutant]) -> dict[str, str]:
    """Return a digest for each check, by name. Checks about one function have the same: they are judged together.

    A digest covers, for the function: its checks, as they are declared and with all that they reach in the folder's
    modules; of the solution, what they name and what that reaches in turn; the known mistakes, for their hints; and,
    where any of this looks for its own place, the data files. What it does not cover: the grader, libraries, limits.

    Args:
        folder: The assignment's reference folder.
        rubric: Its rubric.
        mutants: Its known mistakes.
    """
    code = _Code(folder)
    digests: dict[str, str] = {}
    for function in {check.function: None for check in rubric.checks}:
        checks = [check for check in rubric.checks if check.function == function]
        reached = _Reached(code)
        reached.solution(function)
        told: list[Any] = [function, rubric.numpy]
        for check in checks:
            exercise = next(one for one in rubric.exercises if one.number == check.exercise)
            told.append((check.name, check.asked, check.points, check.public, check.trains, check.seconds, check.lends))
            told.append((exercise.number, exercise.title, exercise.bans))
            reached.function(check.run.inputs if isinstance(check.run, Cases) else check.run)
        for mutant in mutants:
            if mutant.owned == function:
                told.append((mutant.name, mutant.of, mutant.hint))
                told += [repr(mutant.change)] if not reached.function(mutant.change) else []
        data = code.data if reached.looks_for_data or rubric.files else ""  # files are compared with the reference's
        text = "\n".join((repr(told), data, *sorted(reached.texts)))
        digests |= dict.fromkeys((check.name for check in checks), hashlib.sha256(text.encode()).hexdigest()[:16])
    return digests


def digests_behind(folder: Path, statements: Sequence[ast.stmt]) -> list[str]:
    """Return, for each of some statements of the solution, a digest of it and of all that it reaches there."""
    code, digests = _Code(folder), []
    for statement in statements:
        reached = _Reached(code)
        reached.statement(statement)
        digests.append(hashlib.sha256("\n".join(sorted(reached.texts)).encode()).hexdigest()[:16])
    return digests


class _Code:
    """The modules of a folder, as top-level statements by the names that they bind or work on."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._trees: dict[Path, ast.Module] = {path: _Plain().visit(parsed(path)) for path in modules(folder)}
        self._tables = {path: _table(tree) for path, tree in self._trees.items()}
        self._facts: dict[ast.stmt, _Facts] = {}
        self.solution = folder / SOLUTION

    def facts(self, statement: ast.stmt) -> _Facts:
        """Return what a statement says, found once."""
        if statement not in self._facts:
            self._facts[statement] = _Facts(statement)
        return self._facts[statement]

    def holds(self, path: Path) -> bool:
        """Return whether this is a module of the folder."""
        return path in self._trees

    def statements(self, path: Path, name: str) -> list[ast.stmt]:
        """Return what binds a name in a module."""
        return self._tables.get(path, {}).get(name, [])

    def whole(self, path: Path) -> list[ast.stmt]:
        """Return all of a module."""
        return self._trees[path].body

    @cached_property
    def data(self) -> str:
        """A digest of every file that is no module, and that is not made of modules."""
        found = (path for path in self.folder.rglob("*") if path.is_file())
        files = (path for path in found if MADE.isdisjoint(path.relative_to(self.folder).parts))
        return digest_of(self.folder, (path for path in files if path not in self._trees and path.name != HANDOUT))


class _Facts:
    """What counts of a statement: its text, the names in it, and what it mentions that may be a function of the
    solution, as an attribute (`student.mae`) or a string ("mae")."""

    def __init__(self, statement: ast.stmt) -> None:
        self.text = ast.dump(statement)
        nodes = list(ast.walk(statement))
        self.names = {node.id for node in nodes if isinstance(node, ast.Name)}
        attributes = {node.attr for node in nodes if isinstance(node, ast.Attribute)}
        strings = {node.value for node in nodes if isinstance(node, ast.Constant) and isinstance(node.value, str)}
        self.mentioned = set() if _makes_exercise(statement) else attributes | strings


class _Reached:
    """What some functions need, as normalised source."""

    def __init__(self, code: _Code) -> None:
        self._code = code
        self._seen: set[tuple[Path, str]] = set()
        self._added: set[ast.stmt] = set()
        self.texts: set[str] = set()

    def solution(self, name: str) -> None:
        """Add a name of the solution, if it is one."""
        self._name(self._code.solution, name)

    def statement(self, statement: ast.stmt) -> None:
        """Add a statement of the solution."""
        self._add(self._code.solution, [statement])

    def function(self, value: Any) -> bool:
        """Add a function of the folder's modules. Returns whether it is one."""
        code = getattr(value, "__code__", None)
        if not isinstance(code, CodeType) or not self._code.holds(path := Path(code.co_filename)):
            return False
        found = [one for one in self._code.statements(path, value.__name__) if _at(one, code.co_firstlineno)]
        self._add(path, found or self._code.whole(path))  # a lambda, a function made by another: all of its module
        return True

    def _name(self, path: Path, name: str) -> None:
        if (path, name) in self._seen:
            return
        self._seen.add((path, name))
        found = self._code.statements(path, name)
        if not found and path != self._code.solution:
            self.solution(name)  # mistakes run among the solution's names
        self._add(path, found)

    def _add(self, path: Path, statements: list[ast.stmt]) -> None:
        for statement in statements:
            if statement in self._added:  # two modules may have the same text, and mean different things by it
                continue
            self._added.add(statement)
            facts = self._code.facts(statement)
            self.texts.add(facts.text)
            if isinstance(statement, ast.ImportFrom) and statement.level:
                self._imported(path, statement)
                continue
            for name in facts.names:
                self._name(path, name)
            for name in facts.mentioned:
                self.solution(name)

    def _imported(self, path: Path, statement: ast.ImportFrom) -> None:
        place = path.parents[statement.level - 1].joinpath(*(statement.module or "").split("."))
        for alias in statement.names:
            if self._code.holds(place / f"{alias.name}.py"):
                self._add(place / f"{alias.name}.py", self._code.whole(place / f"{alias.name}.py"))
            elif self._code.holds(place.with_suffix(".py")):
                self._name(place.with_suffix(".py"), alias.name)

    @property
    def looks_for_data(self) -> bool:
        """Whether any of it asks where its module lies."""
        return any(name == PLACE for _, name in self._seen)


def _table(tree: ast.Module) -> dict[str, list[ast.stmt]]:
    """Return a module's statements by the names that they bind; for a call such as `VALUES.append(3)`, by the name that
    it works on."""
    table: dict[str, list[ast.stmt]] = {}
    for statement in tree.body:
        for name in set(_bound(statement)):
            table.setdefault(name, []).append(statement)
    return table


def _bound(statement: ast.stmt) -> Iterator[str]:
    match statement:
        case ast.Expr(value=ast.Call(func=ast.Attribute(attr=attribute))) if attribute in ("wrong_value", "mistake"):
            return  # known mistakes: each function's own are looked at
        case ast.Assign(value=ast.Call(func=ast.Name(id="Rubric"))):
            return  # it only puts exercises together
        case ast.If() if is_main_guard(statement):
            return  # nothing runs it but its author
        case ast.AnnAssign(target=target) | ast.AugAssign(target=target):
            yield from (node.id for node in ast.walk(target) if isinstance(node, ast.Name))
        case ast.AsyncFunctionDef(name=name):
            yield name
        case ast.FunctionDef() | ast.ClassDef() | ast.Import() | ast.ImportFrom() | ast.Assign():
            yield from bound_by(statement)
        case _:
            yield from (node.id for node in ast.walk(statement) if isinstance(node, ast.Name))


def _makes_exercise(statement: ast.stmt) -> bool:
    """Return whether a statement is `losses = Exercise(...)` or `losses = rubric.exercise(...)`: it names all that the
    exercise owns."""
    match statement:
        case ast.Assign(value=ast.Call(func=ast.Name(id="Exercise") | ast.Attribute(attr="exercise"))):
            return True
        case _:
            return False


def _at(statement: ast.stmt, line: int) -> bool:
    """Return whether a function that begins at a line is this statement."""
    decorators: list[ast.expr] = getattr(statement, "decorator_list", [])
    first = min([statement.lineno, *(one.lineno for one in decorators)])
    return first <= line <= (statement.end_lineno or statement.lineno)


class _Plain(ast.NodeTransformer):
    """Takes docstrings out of a module."""

    def _without(self, node: Any) -> Any:
        self.generic_visit(node)
        match node.body:
            case [ast.Expr(value=ast.Constant(value=str())), *rest]:
                node.body = rest or [ast.Pass()]
        return node

    visit_FunctionDef = visit_AsyncFunctionDef = visit_ClassDef = _without
