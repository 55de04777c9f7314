"""Find out what the functions asked for need: the names that they read, and what sets or changes these."""

from __future__ import annotations

import ast
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping

from autograder.intake.simple import loads, stores
from autograder.intake.statements import Function, root, try_parts

_CHANGES_ITS_ARGUMENTS = frozenset({"setattr", "shuffle", "heapify", "heappush", "insort"})


def flat(statements: Iterable[ast.stmt]) -> Iterator[ast.stmt]:
    """Yield statements, and instead of an `if` or `try` those in its blocks, as deep as they stand in one another."""
    waiting = list(statements)[::-1]
    while waiting:
        statement = waiting.pop()
        match statement:
            case ast.If():
                waiting += [*statement.body, *statement.orelse][::-1]
            case ast.Try():
                waiting += try_parts(statement)[::-1]
            case _:
                yield statement


def needed(module: ast.Module, asked: frozenset[str]) -> frozenset[str]:
    """Return the names that `asked` reads, one through another; where none of these is set, every definition."""
    parts = list(flat(module.body))
    functions = effects(parts)
    imported = frozenset(
        name for part in parts if isinstance(part, ast.Import | ast.ImportFrom) for name in stores(part)
    )
    setters: dict[str, list[int]] = defaultdict(list)
    for number, part in enumerate(parts):
        for name in (stores(part) | changes(part, functions)) - (imported - stores(part)):
            setters[name].append(number)
    waiting = list(asked & setters.keys() or functions)
    found = set(waiting)
    seen: set[int] = set()
    while waiting:
        for number in setters.pop(waiting.pop(), []):
            if number not in seen:
                seen.add(number)
                new = loads(parts[number]) - found
                found |= new
                waiting += new
    return frozenset(found - imported)


def effects(parts: Iterable[ast.stmt]) -> dict[str, frozenset[str]]:
    """Return for each function and class that is defined here the module's names that a call may set or change."""
    found: dict[str, frozenset[str]] = {}
    for part in parts:
        if isinstance(part, Function):
            shared = {name for node in ast.walk(part) if isinstance(node, ast.Global) for name in node.names}
            touched = set().union(*(changes(child, {}) for child in part.body))
            found[part.name] = frozenset(shared | (touched & loads(part)))
        elif isinstance(part, ast.ClassDef):
            found[part.name] = frozenset()
    return found


def changes(statement: ast.stmt, functions: Mapping[str, frozenset[str]]) -> set[str]:
    """Return the names whose objects a statement may change: `x[0] = 1`, `x.append(1)`, `fill(x)` with a function that
    is defined here; with the `effects` of those."""
    found: set[str] = set()
    waiting: list[ast.AST] = [statement]
    while waiting:
        node = waiting.pop()
        match node:
            case ast.FunctionDef() | ast.AsyncFunctionDef() | ast.ClassDef() | ast.Lambda():
                continue
            case ast.Subscript(ctx=ast.Store() | ast.Del()) | ast.Attribute(ctx=ast.Store() | ast.Del()):
                found.add(root(node))
            case ast.Expr(value=ast.Call(func=ast.Attribute() as called, args=arguments)):
                found.add(root(called) or _origin(called, functions))
                if called.attr in _CHANGES_ITS_ARGUMENTS or called.attr.endswith("_"):
                    found |= {root(argument) for argument in arguments}
            case ast.Expr(value=ast.Call(func=ast.Name(id=name), args=arguments)):
                if name in functions:
                    found |= {root(argument) for argument in arguments} - functions.keys() | functions[name]
                elif name in _CHANGES_ITS_ARGUMENTS:
                    found |= {root(argument) for argument in arguments}
        waiting.extend(ast.iter_child_nodes(node))
    return found - {""}


def _origin(node: ast.expr, functions: Mapping[str, frozenset[str]]) -> str:
    """Return `model` for `model(x).sum().backward()`; nothing for a function that is defined here."""
    while isinstance(node, ast.Call | ast.Attribute | ast.Subscript):
        node = node.func if isinstance(node, ast.Call) else node.value
    return node.id if isinstance(node, ast.Name) and node.id not in functions else ""
