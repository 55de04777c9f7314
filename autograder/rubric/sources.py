"""A submission's sources, read for names: what each file defines, and which library names its expressions stand for."""

from __future__ import annotations

import ast
from collections import ChainMap
from collections.abc import Iterator, Mapping, MutableMapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from autograder import syntax
from autograder.protocol.names import resolve

TRUSTED = ("torch", "numpy", "sklearn", "scipy", "pandas")
"""Libraries whose modules are looked into."""
MAX_PARTS = 12
"""Parts of a dotted name: no library has longer ones, and a student's source may."""

Aliases = Mapping[str, str]
Function = ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda


@dataclass(frozen=True)
class Definition:
    """A part of a file that gives names their meaning when the file is loaded. `attributes`: names set on something."""

    file: str
    node: ast.AST
    names: frozenset[str]
    attributes: frozenset[str] = frozenset()

    @property
    def arguments(self) -> frozenset[str]:
        """The names of a function's arguments that it assigns nothing else to."""
        if not isinstance(self.node, ast.FunctionDef | ast.AsyncFunctionDef):
            return frozenset()
        arguments = self.node.args
        own = {one.arg for one in (*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs)}
        return frozenset(own - _stored(self.node)[0])

    @property
    def is_callable(self) -> bool:
        """Whether it is a function or a class."""
        return isinstance(self.node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef)


@dataclass(frozen=True)
class Sources:
    """A submission's files as syntax trees, with what they define, and each file's names for library objects."""

    trees: Mapping[str, ast.Module]
    aliases: Mapping[str, MutableMapping[str, str]]
    by_name: Mapping[str, Sequence[Definition]]
    by_attribute: Mapping[str, Sequence[Definition]]

    @staticmethod
    def of(files: Mapping[str, str]) -> Sources:
        """Read the files that are valid Python."""
        trees = {}
        for name, source in files.items():
            try:
                trees[name] = syntax.parse(source)
            except SyntaxError:
                continue  # intake has said so
        names: dict[str, list[Definition]] = {}
        attributes: dict[str, list[Definition]] = {}
        for file, tree in trees.items():
            for one in _definitions(file, tree.body):
                for name in one.names:
                    names.setdefault(name, []).append(one)
                for name in one.attributes:
                    attributes.setdefault(name, []).append(one)
        return Sources(trees, {file: aliases_in(tree) for file, tree in trees.items()}, names, attributes)

    def reached(self, owned: Sequence[str]) -> Iterator[tuple[Definition, Aliases]]:
        """Yield, once each, the definitions of these names and of all the student's own that they mention."""
        waiting = [one for name in owned for one in self.by_name.get(name, ())]
        seen: set[int] = set()
        while waiting:
            one = waiting.pop()
            if id(one) in seen:
                continue
            seen.add(id(one))
            yield one, ChainMap(aliases_in(one.node, self.aliases[one.file]), self.aliases[one.file])
            names, attributes = _mentioned(one.node)
            waiting += [found for name in names for found in self.by_name.get(name, ())]
            for name in attributes:
                waiting += self.by_attribute.get(name, ())
                waiting += [f for f in self.by_name.get(name, ()) if f.is_callable or f.file != one.file]


def _definitions(file: str, body: Sequence[ast.stmt]) -> Iterator[Definition]:
    """Yield what a body defines, one definition for each simple statement, however deep in blocks."""
    for statement in body:
        if isinstance(statement, ast.FunctionDef | ast.AsyncFunctionDef):
            yield Definition(file, statement, frozenset((statement.name,)))
            continue
        if isinstance(statement, ast.ClassDef):
            yield Definition(file, statement, frozenset((statement.name,)), _stored(statement)[1])
            continue
        blocks = [block for block in ("body", "orelse", "finalbody") if getattr(statement, block, None)]
        for block in blocks:
            yield from _definitions(file, getattr(statement, block))
        for handler in getattr(statement, "handlers", ()):
            yield from _definitions(file, handler.body)
        if not blocks:
            yield Definition(file, statement, *_stored(statement))
        elif isinstance(statement, ast.For | ast.AsyncFor):
            yield Definition(file, statement.iter, *_stored(statement.target))
        elif isinstance(statement, ast.With | ast.AsyncWith):
            for item in statement.items:
                if item.optional_vars is not None:
                    yield Definition(file, item.context_expr, *_stored(item.optional_vars))


def _stored(node: ast.AST) -> tuple[frozenset[str], frozenset[str]]:
    """Return the names, and the attributes of anything, that a node binds."""
    names, attributes = set(), set()
    for one in ast.walk(node):
        if isinstance(one, ast.Name) and isinstance(one.ctx, ast.Store):
            names.add(one.id)
        elif isinstance(one, ast.Attribute) and isinstance(one.ctx, ast.Store):
            attributes.add(one.attr)
        elif isinstance(one, ast.Call) and isinstance(one.func, ast.Name) and one.func.id == "setattr":
            attributes |= {text for text in map(text_of, one.args[1:2]) if text}
    return frozenset(names), frozenset(attributes)


def _mentioned(node: ast.AST) -> tuple[set[str], set[str]]:
    """Return the names that a definition takes from outside of itself, and the attributes it reads."""
    names = {one.id for one in ast.walk(node) if isinstance(one, ast.Name) and isinstance(one.ctx, ast.Load)}
    attributes = {one.attr for one in ast.walk(node) if isinstance(one, ast.Attribute)}
    if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
        names -= _locals(node)
    return names, attributes


def _locals(function: Function) -> set[str]:
    """Return the names that are a function's own: arguments, and what it assigns and does not declare global."""
    arguments = function.args
    own = {one.arg for one in (*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs)}
    own |= {one.arg for one in (arguments.vararg, arguments.kwarg) if one}
    shared = set()
    for node in ast.walk(function):
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            own.add(node.id)
        elif isinstance(node, ast.Global):
            shared |= set(node.names)
    return own - shared


def when_loaded(node: ast.AST) -> Iterator[ast.AST]:
    """Yield the parts of a tree that run when it is loaded: all but the bodies of functions."""
    yield node
    if isinstance(node, ast.Lambda):
        return
    inside = isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
    for name, value in ast.iter_fields(node):
        if inside and name == "body":
            continue
        for child in value if isinstance(value, list) else [value]:
            if isinstance(child, ast.AST):
                yield from when_loaded(child)


def aliases_in(tree: ast.AST, outer: MutableMapping[str, str] | None = None) -> dict[str, str]:
    """Return the names that stand for something of a library: by import, or by assignment from such a name."""
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
            dotted = dotted_name(node.value, seen)
            if dotted is not None:
                found[node.targets[0].id] = dotted
    return found


def dotted_name(node: ast.expr, aliases: Aliases, parts: int = MAX_PARTS) -> str | None:
    """Return the dotted library name an expression stands for, if it does: names, attributes, constant `getattr`s."""
    if parts == 0:
        return None
    match node:
        case ast.Name():
            return aliases.get(node.id)
        case ast.Attribute():
            return _joined(dotted_name(node.value, aliases, parts - 1), node.attr)
        case ast.Call(func=ast.Name(id="getattr"), args=[target, name, *_]):
            return _joined(dotted_name(target, aliases, parts - 1), text_of(name))
        case ast.Call(func=ast.Name(id="__import__"), args=[name, *_]):
            return text_of(name)
        case ast.Call(args=[name, *_]) if dotted_name(node.func, aliases, parts - 1) == "importlib.import_module":
            return text_of(name)
        case _:
            return None


def _joined(base: str | None, attribute: str | None) -> str | None:
    """Return a dotted name with one more part; None where a part is missing, or there are too many."""
    if base is None or attribute is None or base.count(".") >= MAX_PARTS:
        return None
    return f"{base}.{attribute}"


def text_of(node: ast.expr) -> str | None:
    """Return the constant string that an expression is, even if joined from pieces; or None."""
    match node:
        case ast.Constant(value=str(text)):
            return text
        case ast.BinOp(left=left, op=ast.Add(), right=right):
            one, other = text_of(left), text_of(right)
            return None if one is None or other is None else one + other
        case ast.JoinedStr(values=values):
            pieces = [text_of(value) for value in values]
            return None if None in pieces else "".join(piece for piece in pieces if piece)
        case _:
            return None


@lru_cache(maxsize=4096)
def library_object(dotted: str) -> Any:
    """Return what a library name stands for, or None. Only trusted libraries are looked into."""
    if dotted.partition(".")[0] not in TRUSTED:
        return None
    try:
        return resolve(dotted)
    except Exception:
        return None


def _public(module: str) -> list[str]:
    found = library_object(module)
    return [] if found is None else [name for name in dir(found) if not name.startswith("_")]
