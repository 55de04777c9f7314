"""Find derivatives that are taken by numbers: no ban can stop them, and on squares they are exact."""

from __future__ import annotations

import ast
from collections.abc import Container, Iterator, Mapping


def differences(definition: ast.AST, own: Container[str]) -> Iterator[tuple[int, str]]:
    """Yield the lines with what looks like a derivative by numbers: a quotient of a difference, complex steps.

    Args:
        definition: where to look.
        own: the student's own functions.
    """
    functions = _Functions(own, definition)
    values = _values(definition, functions)
    for node in ast.walk(definition):
        match node:
            case ast.BinOp(left=left, op=ast.Div()):
                for one in ast.walk(left):
                    if isinstance(one, ast.BinOp) and isinstance(one.op, ast.Sub):
                        name = _source(one.left, functions, values)
                        if name is not None and name == _source(one.right, functions, values):
                            yield node.lineno, f"a difference of two values of {name}, divided"
            case ast.Constant(value=complex()):
                yield node.lineno, "complex numbers"
            case ast.Attribute(attr="imag" | "complex" | "view_as_complex" | "complex128" | "cdouble"):
                yield node.lineno, "complex numbers"


class _Functions:
    """The names that are the student's own functions inside a definition: theirs, inner ones, and arguments."""

    def __init__(self, own: Container[str], definition: ast.AST) -> None:
        self._own = own
        self._inner = {one.name for one in ast.walk(definition) if isinstance(one, ast.FunctionDef)}
        self._inner |= {one.arg for one in ast.walk(definition) if isinstance(one, ast.arg)}
        for node in ast.walk(definition):
            if isinstance(node, ast.Assign) and isinstance(node.value, ast.Lambda):
                self._inner |= {target.id for target in node.targets if isinstance(target, ast.Name)}

    def __contains__(self, name: str) -> bool:
        return name in self._inner or name in self._own


def _source(node: ast.expr | None, functions: _Functions, values: Mapping[str, str]) -> str | None:
    """Return the function whose value an expression is, or None."""
    match node:
        case ast.Call(func=ast.Name(id=name)) if name in functions:
            return name
        case ast.Name(id=name):
            return values.get(name)
        case ast.Call(func=ast.Attribute(value=inner, attr="sum" | "mean" | "item" | "double" | "float")):
            return _source(inner, functions, values)
    return None


def _values(definition: ast.AST, functions: _Functions) -> dict[str, str]:
    """Return which function's value each local name holds."""
    found: dict[str, str] = {}
    for assignment in (node for node in ast.walk(definition) if isinstance(node, ast.Assign)):
        for target in assignment.targets:
            pairs: list[tuple[ast.expr, ast.expr | None]] = [(target, assignment.value)]
            if isinstance(target, ast.Tuple):
                pairs = [(element, _element(assignment.value, at)) for at, element in enumerate(target.elts)]
            for name, value in pairs:
                source = _source(value, functions, {})
                if isinstance(name, ast.Name) and source is not None:
                    found[name.id] = source
    return found


def _element(value: ast.expr, at: int) -> ast.expr | None:
    """Return what the element `at` of a tuple, or of a comprehension, is computed by."""
    if isinstance(value, ast.Tuple | ast.List):
        return value.elts[at] if at < len(value.elts) else None
    return value.elt if isinstance(value, ast.GeneratorExp | ast.ListComp) else None
