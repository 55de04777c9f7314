"""Read test code: statements, doctests, tests in functions, and nbgrader's automatic tests."""

from __future__ import annotations

import ast
import doctest
import re
from collections.abc import Iterator

from autograder.release.importing.master import Case
from autograder.release.importing.names import plain

AUTOTEST = "__autotest__"
"""Stands for what nbgrader tests by itself: the value that the solution has there."""
SHOWN = "__shown__"
"""Stands for a value of which it is known how it is shown: `__shown__(value, "text")`."""
_AUTOTEST = re.compile(r"^(\s*)###\s*(?:HASHED\s+)?AUTOTEST\s+(.+)$")
_PROMPT = re.compile(r"^\s*>>> ", re.MULTILINE)


def parsed(case: Case) -> list[ast.stmt]:
    """Return the statements of a test; none where it is not Python."""
    try:
        return list(_statements(case))
    except SyntaxError:
        return []


def _statements(case: Case) -> Iterator[ast.stmt]:
    if _PROMPT.search(case.source):
        for example in doctest.DocTestParser().get_examples(case.source):
            body = ast.parse(example.source).body
            yield from _with_output(body, example.want.strip())
        return
    lines = [line for text in case.source.split("\n") for line in _automatic(text)]
    body = ast.parse("\n".join(lines)).body
    yield from _with_output(_unwrapped(body), case.output)


def _automatic(line: str) -> Iterator[str]:
    found = _AUTOTEST.match(line)
    if found is None:
        yield plain(line)
        return
    for expression in found[2].split(";"):
        if expression.strip():
            yield f"{found[1]}{AUTOTEST}({expression.strip()})"


def _with_output(body: list[ast.stmt], output: str) -> Iterator[ast.stmt]:
    """Yield statements; the last is a comparison where it is an expression and what it gives is known."""
    yield from body[:-1]
    for last in body[-1:]:
        match last:
            case ast.Expr(value=ast.Call(func=ast.Name(id="print"), args=[value], keywords=[])) if output:
                yield ast.copy_location(_shown(value, output), last)
            case ast.Expr(value=value) if output and not _is_assertion(value):
                yield ast.copy_location(_shown(value, output), last)
            case _:
                yield last


def _shown(value: ast.expr, output: str) -> ast.stmt:
    if output in ("True", "np.True_", "tensor(True)"):
        return ast.Assert(value, None)
    if output in ("False", "np.False_", "tensor(False)"):
        return ast.Assert(ast.UnaryOp(ast.Not(), value), None)
    return ast.Expr(ast.Call(ast.Name(SHOWN, ast.Load()), [value, ast.Constant(output)], []))


def _is_assertion(value: ast.expr) -> bool:
    return isinstance(value, ast.Call) and "assert" in ast.unparse(value.func)


def _unwrapped(body: list[ast.stmt]) -> list[ast.stmt]:
    """Return the body of a test that is a function of the students' names, as otter calls it."""
    functions = [one for one in body if isinstance(one, ast.FunctionDef)]
    calls = [one for one in body if isinstance(one, ast.Expr) and isinstance(one.value, ast.Call)]
    if len(functions) != 1 or not functions[0].args.args or len(functions) + len(calls) != len(body):
        return body
    function = functions[0]
    if any(ast.unparse(call.value.func) != function.name for call in calls):  # type: ignore[attr-defined]
        return body
    arguments = [argument.arg for argument in function.args.args]
    if len(calls) == 1:
        passed = [ast.unparse(one) for one in calls[0].value.args]  # type: ignore[attr-defined]
        if passed not in (arguments, ["globals()"], ["locals()"]):
            return body
    return [_Environment(arguments[0]).visit(one) for one in function.body] if arguments == ["env"] else function.body


class _Environment(ast.NodeTransformer):
    """Replaces `env["name"]` by `name`."""

    def __init__(self, name: str) -> None:
        self._name = name

    def visit_Subscript(self, node: ast.Subscript) -> ast.AST:
        match node:
            case ast.Subscript(value=ast.Name(id=name), slice=ast.Constant(value=str(key))) if name == self._name:
                return ast.copy_location(ast.Name(key, ast.Load()), node)
        return self.generic_visit(node)
