"""Load a submission: run its sources in memory, statement by statement."""

from __future__ import annotations
import __future__

import ast
import functools
import importlib.abc
import importlib.util
import linecache
import operator
import sys
import types
from collections.abc import Sequence
from typing import Any, Protocol

from autograder.protocol.handed_in import global_of, is_handed_in, unpacked
from autograder.protocol.messages import HELPER, Raised
from autograder.sandbox.guest.surroundings import furnish
from autograder.sandbox.guest.tracebacks import describe
from autograder.sandbox.guest.written import Written

_FUTURES = functools.reduce(
    operator.or_, (getattr(__future__, name).compiler_flag for name in __future__.all_feature_names)
)


class Gate(Protocol):
    """Is asked before each statement that may compute for long."""

    def __call__(self, file: str, line: int) -> bool:
        """Return whether the statement is to run."""
        ...


def everything(file: str, line: int) -> bool:
    """Let every statement run."""
    return True


class _Sources(importlib.abc.MetaPathFinder, importlib.abc.Loader):
    """Imports the submission's own modules from memory. A name that is loaded already or belongs to the standard
    library is left alone: nothing shadows torch."""

    def __init__(self, files: dict[str, str], gate: Gate) -> None:
        self._files = files
        self._gate = gate
        own = {name.partition("/")[0].removesuffix(".py") for name in files}
        self._own = {name for name in own if name not in sys.modules and name not in sys.stdlib_module_names}

    def find_spec(self, fullname: str, path: Sequence[str] | None, target: Any = None) -> Any:
        if fullname.partition(".")[0] not in self._own:
            return None
        base = fullname.replace(".", "/")
        for name, package in ((f"{base}.py", False), (f"{base}/__init__.py", True)):
            if name in self._files:
                return importlib.util.spec_from_loader(fullname, self, origin=name, is_package=package)
        return None

    def exec_module(self, module: types.ModuleType) -> None:
        assert module.__spec__ is not None and module.__spec__.origin is not None
        origin = module.__spec__.origin
        gate = everything if origin == f"{HELPER}.py" else self._gate  # ours: it runs inside a statement of theirs
        run_source(origin, self._files[origin], module.__dict__, gate)


def run_source(name: str, source: str, namespace: dict[str, Any], gate: Gate = everything) -> None:
    """Execute one file's source in `namespace`, with its lines known to tracebacks.

    One statement after the other: where one fails, those after it still run, and then its error is raised. A value in
    the place of a function that was written above does not stay there. What `gate` does not let through is left out.
    """
    linecache.cache[name] = (len(source), None, source.splitlines(True), name)
    namespace["__file__"] = name
    whole = compile(source, name, "exec", dont_inherit=True)
    flags = whole.co_flags & _FUTURES
    first: BaseException | None = None
    written = Written(namespace)
    for statement in ast.parse(source, name).body:
        if not _is_plain(statement) and not gate(name, statement.lineno):
            continue
        try:
            exec(compile(ast.Module([statement], []), name, "exec", flags, dont_inherit=True), namespace)
            written.note(statement)
        except BaseException as error:
            first = first or error
    written.restore()
    if first is not None:
        raise first


def _is_plain(statement: ast.stmt) -> bool:
    """Return whether a statement surely takes no time: a function, an import, a constant."""
    match statement:
        case ast.FunctionDef() | ast.AsyncFunctionDef():
            return not statement.decorator_list
        case ast.Import() | ast.ImportFrom() | ast.Pass() | ast.Expr(value=ast.Constant()):
            return True
        case ast.Assign(value=ast.Constant() | ast.Lambda() | ast.Name()):
            return True
        case _:
            return False


def load(files: dict[str, str], main: str, gate: Gate = everything) -> tuple[dict[str, Any], Raised | None]:
    """Run the main file as module `submission`. Returns its namespace and the first error in it, if any.

    What does not depend on the failed statement is there all the same, and can still earn its points.
    """
    furnish()
    sys.meta_path.insert(0, _Sources(files, gate))
    module = types.ModuleType("submission")
    sys.modules["submission"] = module
    first: Raised | None = None
    for name in files:
        if is_handed_in(name):
            try:
                module.__dict__[global_of(name)] = unpacked(name, files[name])
            except BaseException as error:
                first = first or describe(error, frozenset())
    try:
        run_source(main, files[main], module.__dict__, gate)
    except BaseException as error:
        first = first or describe(error, frozenset(files))
    return module.__dict__, first
