"""Search a student's source for library shortcuts: what an exercise bans, through aliases, `getattr` and helpers.

A call that is certain is stopped at run time too, and the student is told. What only might be one is listed for a
person to look at; it never costs a point by itself.
"""

from __future__ import annotations

import ast
from collections import ChainMap
from collections.abc import Iterator, Mapping, MutableMapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from autograder import syntax
from autograder.protocol.names import resolve
from autograder.rubric.exercise import Exercise
from autograder.rubric.rubric import Rubric

LIBRARIES = ("torch", "numpy", "sklearn", "scipy", "pandas")
#: Ways around a ban at run time; a student hardly ever needs one.
DETOURS = (
    "torch.ops", "torch._C", "torch._ops", "torch.jit", "torch.compile", "torch.overrides", "importlib", "ctypes",
    "threading", "multiprocessing", "concurrent.futures", "sys.modules", "gc",
)  # fmt: skip
MAX_PARTS = 12
"""Parts of a dotted name: no library has longer ones, and a student's source may."""
DYNAMIC = ("eval", "exec", "__import__", "globals", "vars")


@dataclass(frozen=True)
class Shortcut:
    """A place in the source of an exercise. `certain`: it names a banned function; otherwise it only might call one."""

    exercise: str
    file: str
    line: int
    what: str
    certain: bool

    def __str__(self) -> str:
        says = "uses" if self.certain else "might go round a ban with"
        return f"Exercise {self.exercise} {says} {self.what} ({self.file}, line {self.line})."


def find_shortcuts(files: Mapping[str, str], rubric: Rubric) -> list[Shortcut]:
    """Find every place where code that an exercise owns, or code that it calls, reaches for what the exercise bans."""
    trees = {}
    for name, source in files.items():
        try:
            trees[name] = syntax.parse(source)
        except SyntaxError:
            continue  # intake has said so
    sources = _Sources.of(trees)
    return sorted(
        {found for exercise in rubric.exercises if exercise.bans for found in _of_exercise(exercise, sources)},
        key=lambda found: (found.exercise, found.file, found.line, found.what),
    )


@dataclass(frozen=True)
class _Sources:
    """A submission's top-level definitions by name, and each file's aliases, collected once for all exercises."""

    definitions: Mapping[str, Sequence[tuple[str, ast.stmt]]]
    aliases: Mapping[str, MutableMapping[str, str]]

    @staticmethod
    def of(trees: Mapping[str, ast.Module]) -> _Sources:
        definitions: dict[str, list[tuple[str, ast.stmt]]] = {}
        for file, tree in trees.items():
            for statement in tree.body:
                for name in _defined(statement):
                    definitions.setdefault(name, []).append((file, statement))
        return _Sources(definitions, {file: _aliases(tree) for file, tree in trees.items()})


def _of_exercise(exercise: Exercise, sources: _Sources) -> Iterator[Shortcut]:
    banned = {id(resolve(name)): name for name in exercise.bans}
    methods = {name.rpartition(".")[2]: name for name in exercise.bans if name.startswith("torch.Tensor.")}
    for file, statement, aliases in _reached(exercise.owns, sources):
        for node in ast.walk(statement):
            line = getattr(node, "lineno", 0)
            dotted = _dotted(node, aliases) if isinstance(node, ast.expr) else None
            if dotted is not None:
                name = banned.get(id(_object(dotted)))
                if name is not None:
                    yield Shortcut(exercise.number, file, line, name, True)
                elif any(dotted == detour or dotted.startswith(f"{detour}.") for detour in DETOURS):
                    yield Shortcut(exercise.number, file, line, dotted, False)
            elif isinstance(node, ast.Attribute) and node.attr in methods and isinstance(node.ctx, ast.Load):
                yield Shortcut(exercise.number, file, line, f".{node.attr}", False)
            elif isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
                if node.func.id in DYNAMIC and node.func.id not in aliases:
                    yield Shortcut(exercise.number, file, line, f"{node.func.id}()", False)
                elif node.func.id == "getattr":
                    yield from _get_attribute(exercise.number, file, node, aliases, methods)


def _get_attribute(
    number: str, file: str, node: ast.Call, aliases: Mapping[str, str], methods: Mapping[str, str]
) -> Iterator[Shortcut]:
    """Find a `getattr` whose name is computed, or is that of a banned method."""
    if len(node.args) < 2:
        return
    name = _text(node.args[1])
    if name is None or name in methods:
        yield Shortcut(number, file, node.lineno, "getattr()" if name is None else f"getattr(…, {name!r})", False)


def _reached(owned: Sequence[str], sources: _Sources) -> Iterator[tuple[str, ast.stmt, Mapping[str, str]]]:
    """Yield, once each, the definitions of the owned functions and of all the student's own that they mention."""
    waiting, seen = list(owned), set()
    while waiting:
        name = waiting.pop()
        for file, statement in sources.definitions.get(name, ()):
            if id(statement) in seen:
                continue
            seen.add(id(statement))
            yield file, statement, ChainMap(_aliases(statement, sources.aliases[file]), sources.aliases[file])
            waiting += [node.id for node in ast.walk(statement) if isinstance(node, ast.Name)]
            waiting += [node.attr for node in ast.walk(statement) if isinstance(node, ast.Attribute)]


def _defined(statement: ast.stmt) -> list[str]:
    if isinstance(statement, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
        return [statement.name]
    if isinstance(statement, ast.Assign):
        return [target.id for target in statement.targets if isinstance(target, ast.Name)]
    return []


def _aliases(tree: ast.AST, outer: MutableMapping[str, str] | None = None) -> dict[str, str]:
    """Names that stand for something of a library: by import, or by assignment from such a name."""
    found: dict[str, str] = {}
    seen = ChainMap(found, outer or {})
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            for alias in node.names:
                found[alias.asname or alias.name.partition(".")[0]] = (
                    alias.name if alias.asname else alias.name.partition(".")[0]
                )
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            for alias in node.names:
                if alias.name == "*":
                    found |= {name: f"{node.module}.{name}" for name in _public(node.module)}
                else:
                    found[alias.asname or alias.name] = f"{node.module}.{alias.name}"
        elif isinstance(node, ast.Assign) and len(node.targets) == 1 and isinstance(node.targets[0], ast.Name):
            dotted = _dotted(node.value, seen)
            if dotted is not None:
                found[node.targets[0].id] = dotted
    return found


def _dotted(node: ast.expr, aliases: Mapping[str, str], parts: int = MAX_PARTS) -> str | None:
    """Return the dotted library name an expression stands for, if it does: names, attributes, constant `getattr`s."""
    if parts == 0:
        return None
    match node:
        case ast.Name():
            return aliases.get(node.id)
        case ast.Attribute():
            return _joined(_dotted(node.value, aliases, parts - 1), node.attr)
        case ast.Call(func=ast.Name(id="getattr"), args=[target, name, *_]):
            return _joined(_dotted(target, aliases, parts - 1), _text(name))
        case ast.Call(func=ast.Name(id="__import__"), args=[name, *_]):
            return _text(name)
        case ast.Call(args=[name, *_]) if _dotted(node.func, aliases, parts - 1) == "importlib.import_module":
            return _text(name)
        case _:
            return None


def _joined(base: str | None, attribute: str | None) -> str | None:
    """Return a dotted name with one more part; None where a part is missing, or there are too many."""
    if base is None or attribute is None or base.count(".") >= MAX_PARTS:
        return None
    return f"{base}.{attribute}"


def _text(node: ast.expr) -> str | None:
    """Return the constant string that an expression is, even if joined from pieces; or None."""
    match node:
        case ast.Constant(value=str(text)):
            return text
        case ast.BinOp(left=left, op=ast.Add(), right=right):
            one, other = _text(left), _text(right)
            return None if one is None or other is None else one + other
        case ast.JoinedStr(values=values):
            pieces = [_text(value) for value in values]
            return None if None in pieces else "".join(piece for piece in pieces if piece)
        case _:
            return None


@lru_cache(maxsize=4096)
def _object(dotted: str) -> Any:
    """Return what a library name stands for, or None. Only trusted libraries are looked into."""
    if dotted.partition(".")[0] not in LIBRARIES:
        return None
    try:
        return resolve(dotted)
    except Exception:
        return None


def _public(module: str) -> list[str]:
    found = _object(module)
    return [] if found is None else [name for name in dir(found) if not name.startswith("_")]
