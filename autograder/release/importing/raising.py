"""Know the ways in which tests ask for an error: a `with`, a call, and a `try` that fails where nothing is raised."""

from __future__ import annotations

import ast
from dataclasses import dataclass


@dataclass(frozen=True)
class Raising:
    """A call that has to raise an error.

    Attributes:
        error: The name of its type.
        call: The call.
    """

    error: str
    call: ast.Call


def raising_in(statement: ast.stmt) -> Raising | None:
    """Return what a statement asks to be raised; None where it asks for no error, or for more than one."""
    match statement:
        case ast.With(items=[ast.withitem(context_expr=ast.Call(args=[ast.Name(id=error)]) as context)], body=[only]):
            return _raising(error, only) if "raises" in ast.unparse(context.func).lower() else None
        case ast.Expr(value=ast.Call(func=asks, args=[ast.Name(id=error), ast.Name() as function, *rest]) as call):
            if "raises" in ast.unparse(asks).lower():
                return Raising(error, ast.Call(function, rest, call.keywords))
        case ast.Try(body=[first, *rest], handlers=[ast.ExceptHandler(type=ast.Name(id=error), body=caught)]):
            fails = [*rest, *statement.orelse]
            if fails and all(map(_fails, fails)) and all(map(_is_quiet, caught)):
                return _raising(error, first)
    return None


def _raising(error: str, statement: ast.stmt) -> Raising | None:
    match statement:
        case ast.Expr(value=ast.Call() as call) | ast.Assign(value=ast.Call() as call):
            return Raising(error, call)
    return None


def _fails(statement: ast.stmt) -> bool:
    """Return whether a statement makes a test fail."""
    match statement:
        case ast.Assert(test=ast.Constant(value=False | 0)):
            return True
        case ast.Raise(exc=ast.expr() as raised):
            return ast.unparse(raised).startswith(("AssertionError", "Exception"))
        case ast.Expr(value=ast.Call(func=called)):
            return ast.unparse(called).rpartition(".")[2] == "fail"
    return False


def _is_quiet(statement: ast.stmt) -> bool:
    """Return whether what follows on an error asks for nothing more."""
    shows = isinstance(statement, ast.Expr) and not isinstance(statement.value, ast.NamedExpr)
    return isinstance(statement, ast.Pass) or (shows and "assert" not in ast.unparse(statement))
