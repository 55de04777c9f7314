"""Cut functions out of a rubric's modules, with what they need of them and nothing else."""

from __future__ import annotations

import ast
import symtable
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from graphlib import TopologicalSorter
from pathlib import Path
from typing import Any

from autograder.errors import PublicCheckError
from autograder.rubric.authored import CHECKS, EXERCISES, parsed

RELEASED = ("checks.py", f"{EXERCISES}/*.py")
"""The modules of a reference folder that public checks may be cut from. Everything else in it is hidden."""


def sliced(
    folder: Path, functions: Sequence[Callable[..., Any]], who: str = "public checks", *, bare: bool = False
) -> str:
    """Return the source of public checks or drivers, undecorated, with what they need of the rubric's modules.

    Args:
        folder: The assignment's reference folder.
        functions: The checks, practices or drivers, as they were loaded from it.
        who: What they are called in messages.
        bare: Whether annotations are left out, with what only they need.

    Returns:
        One module's source. Constants come before what reads them, as in the modules.

    Raises:
        PublicCheckError: A function needs a hidden module, or two different things have one name.
    """
    modules = _Modules(folder, who, bare=bare)
    for function in functions:
        modules.want(Path(function.__code__.co_filename), function.__name__)
    chosen = modules.chosen()
    needed = {name for statement in chosen for name in _named_in(statement)}
    lines = ["from __future__ import annotations"]
    for statement in chosen:
        if isinstance(statement, ast.Import | ast.ImportFrom):
            statement.names = [alias for alias in statement.names if name_of(alias) in needed]
        with _undecorated(statement, bare=bare):
            text = ast.unparse(statement)
        if text not in lines:  # two modules import the same
            lines.append(text)
    return "\n\n".join(lines) + "\n"


class _Modules:
    """The modules of a rubric, read when they are needed, and what is wanted of each."""

    def __init__(self, folder: Path, who: str, *, bare: bool) -> None:
        self._folder = folder
        self._who = who
        self._bare = bare
        self._bodies: dict[Path, list[ast.stmt]] = {}
        self._imports: dict[Path, set[Path]] = {}
        self._places: dict[str, Path] = {}
        self._wanted: set[ast.stmt] = set()

    def want(self, path: Path, name: str) -> None:
        """Choose the statement of a module that binds a name, and all that it needs.

        Raises `PublicCheckError` for a hidden module, or for two things of one name.
        """
        statement = next((one for one in reversed(self._body(path, name)) if name in bound_by(one)), None)
        if statement is None:
            return
        if isinstance(statement, ast.ImportFrom) and statement.level:
            origin = self._origin(path, statement, name)
            self.want(origin, name)
            self._imports[path].add(origin)
            return
        if statement in self._wanted:
            return
        self._wanted.add(statement)
        if not isinstance(statement, ast.Import | ast.ImportFrom) and self._places.setdefault(name, path) != path:
            both = " and ".join(sorted(place.name for place in (path, self._places[name])))
            raise PublicCheckError(f"{both} both have a {name} that {self._who} need: rename one of them")
        with _undecorated(statement, bare=self._bare):
            used = _read_by(statement) if self._bare else _named_in(statement)
        for other in used:
            self.want(path, other)

    def chosen(self) -> list[ast.stmt]:
        """Return the statements that were chosen, module by module; a module comes after those that it imports."""
        order = TopologicalSorter(self._imports).static_order()
        return [one for path in order for one in self._bodies[path] if one in self._wanted]

    def _body(self, path: Path, name: str) -> list[ast.stmt]:
        if path not in self._bodies:
            if not (path.is_file() and self._released(path)):
                raise PublicCheckError(f"{self._who} need {name}, of a hidden module ({path.name}): hide them too")
            tree = parsed(path)
            if self._bare:
                tree = _Unannotated().visit(tree)
            self._bodies[path] = tree.body
            self._imports[path] = set()
        return self._bodies[path]

    def _released(self, path: Path) -> bool:
        inside = path.is_relative_to(self._folder)
        return inside and any(path.relative_to(self._folder).match(one) for one in RELEASED)

    def _origin(self, path: Path, statement: ast.ImportFrom, name: str) -> Path:
        """Return the module of the folder that a name is imported from."""
        alias = next(one for one in statement.names if name_of(one) == name)
        if alias.asname:
            raise PublicCheckError(f"{self._who} need {name}: import it under its own name, not `as`")
        package = path.parents[statement.level - 1]
        module = package / f"{name}.py"
        if not statement.module and module.is_file():
            if not self._released(module):
                raise PublicCheckError(f"{self._who} need {name}, a hidden module: hide them too")
            raise PublicCheckError(f"{self._who} need {name}.py: import names from {name}, not {name} itself")
        return package.joinpath(*(statement.module or "__init__").split(".")).with_suffix(".py")


def _named_in(statement: ast.stmt) -> list[str]:
    return [node.id for node in ast.walk(statement) if isinstance(node, ast.Name)]


def _read_by(statement: ast.stmt) -> list[str]:
    """Return the names that a statement takes from its module: none that are a function's own."""
    waiting, found = [symtable.symtable(ast.unparse(statement), "", "exec")], list[str]()
    while waiting:
        table = waiting.pop()
        waiting += table.get_children()
        inside = table.get_type() != "module"
        found += [one.get_name() for one in table.get_symbols() if one.is_global() or not inside]
    return found


class _Unannotated(ast.NodeTransformer):
    """Takes the annotations of functions away."""

    def visit_arg(self, node: ast.arg) -> ast.arg:
        node.annotation = None
        return node

    def visit_FunctionDef(self, node: ast.FunctionDef) -> ast.AST:
        node.returns = None
        return self.generic_visit(node)


def bound_by(statement: ast.stmt) -> Iterator[str]:
    """Yield the names that a statement at the top level of a module gives a value."""
    match statement:
        case ast.FunctionDef() | ast.ClassDef():
            yield statement.name
        case ast.Import() | ast.ImportFrom():
            yield from map(name_of, statement.names)
        case ast.Assign():
            nodes = [node for target in statement.targets for node in ast.walk(target)]
            yield from (node.id for node in nodes if isinstance(node, ast.Name))
        case ast.AnnAssign(target=ast.Name(id=name)):
            yield name


def name_of(alias: ast.alias) -> str:
    """Return the name that an import binds."""
    return alias.asname or alias.name.partition(".")[0]


@contextmanager
def _undecorated(statement: ast.stmt, *, bare: bool) -> Iterator[None]:
    """Take a function's decorators off for a while: a check's names the rubric, which is not released. With `bare`,
    those stay that are not the rubric's."""
    if not isinstance(statement, ast.FunctionDef):
        yield
        return
    decorators = statement.decorator_list
    statement.decorator_list = [one for one in decorators if bare and not _is_the_rubrics(one)]
    try:
        yield
    finally:
        statement.decorator_list = decorators


def _is_the_rubrics(decorator: ast.expr) -> bool:
    called = decorator.func if isinstance(decorator, ast.Call) else decorator
    return isinstance(called, ast.Attribute) and called.attr in ("driver", "mistake", "practice", *CHECKS)
