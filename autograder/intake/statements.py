"""Answer questions about single statements: what they are, whether they compile, what runs as they define something."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from autograder.intake.recovery import PARSE_ERRORS
from autograder.syntax import compiled

Function = ast.FunctionDef | ast.AsyncFunctionDef
Definition = Function | ast.ClassDef


def compile_error(statement: ast.stmt) -> BaseException | None:
    """Return what the compiler raises for one statement alone (`return` outside a function, for example), or None."""
    try:
        compiled(ast.Module([statement], []))
    except PARSE_ERRORS as error:
        return error
    return None


def compiles(source: str) -> bool:
    """Return whether a whole source compiles."""
    try:
        compiled(source)
    except PARSE_ERRORS:
        return False
    return True


def imports_in(statement: ast.stmt) -> Iterator[ast.Import | ast.ImportFrom]:
    """Yield the imports inside a definition, but for those that a `try` takes care of."""
    waiting: list[ast.AST] = [statement]
    while waiting:
        node = waiting.pop()
        if isinstance(node, ast.Import | ast.ImportFrom):
            yield node
        elif not isinstance(node, ast.Try | ast.expr):
            waiting.extend(ast.iter_child_nodes(node))


def sets_device(statement: ast.stmt) -> bool:
    """Return whether a statement makes a GPU the default, as far as it can be seen."""
    match statement:
        case ast.Expr(value=ast.Call(func=ast.Attribute(attr=name) | ast.Name(id=name), args=[device, *_])):
            text = ast.unparse(device).lower()
            return name.startswith("set_default_") and any(kind in text for kind in ("cuda", "mps", "xpu"))
        case _:
            return False


def is_docstring(statement: ast.stmt) -> bool:
    """Return whether a statement would be a docstring at the beginning of a body."""
    match statement:
        case ast.Expr(value=ast.Constant(value=str())):
            return True
        case _:
            return False


def try_parts(statement: ast.Try) -> list[ast.stmt]:
    """Return the statements of all blocks of a `try`."""
    handlers = [child for handler in statement.handlers for child in handler.body]
    return [*statement.body, *handlers, *statement.orelse, *statement.finalbody]


def root(node: ast.expr) -> str:
    """Return the name at the beginning of `name.part[0]`; "" where there is none."""
    while isinstance(node, ast.Subscript | ast.Attribute | ast.Starred):
        node = node.value
    return node.id if isinstance(node, ast.Name) else ""


def raises_only(statement: ast.stmt, error: str) -> bool:
    """Return whether a function's whole body, but for its docstring, raises `error`."""
    if not isinstance(statement, Function):
        return False
    body = statement.body[1:] if is_docstring(statement.body[0]) else statement.body
    match body:
        case [ast.Raise(exc=ast.Name(id=name) | ast.Call(func=ast.Name(id=name)))]:
            return name == error
        case _:
            return False


def does_nothing(statement: ast.stmt) -> bool:
    """Return whether a function's whole body, but for its docstring, is `pass`, `...`, or hands out None."""
    if not isinstance(statement, Function):
        return False
    blank: set[str] = set()
    body = statement.body[1:] if is_docstring(statement.body[0]) else statement.body
    for one in body:
        match one:
            case ast.Pass() | ast.Return(value=None) | ast.Expr(value=ast.Constant()):
                continue
            case ast.Assign(value=value) if _is_blank(value, blank):
                blank |= {name.id for name in ast.walk(one) if isinstance(name, ast.Name)}
            case ast.Return(value=ast.expr() as value) if _is_blank(value, blank):
                continue
            case _:
                return False
    return True


def _is_blank(value: ast.expr, blank: set[str]) -> bool:
    """Return whether an expression is None or `...`, a name that stands for that, or a tuple of such."""
    match value:
        case ast.Constant(value=constant):
            return constant is None or constant is Ellipsis
        case ast.Name(id=name):
            return name in blank
        case ast.Tuple(elts=parts):
            return all(_is_blank(part, blank) for part in parts)
        case _:
            return False


def read_at_definition(statement: Definition, *, annotations: bool) -> list[ast.expr]:
    """Return what is evaluated when the definition runs: decorators, defaults, annotations, bases."""
    if isinstance(statement, ast.ClassDef):
        return [*statement.decorator_list, *statement.bases, *(keyword.value for keyword in statement.keywords)]
    defaults = [default for default in (*statement.args.defaults, *statement.args.kw_defaults) if default is not None]
    return [*statement.decorator_list, *defaults, *(_annotations(statement) if annotations else [])]


def _annotations(statement: Function) -> list[ast.expr]:
    arguments = statement.args
    every = [*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs, arguments.vararg, arguments.kwarg]
    found = [argument.annotation for argument in every if argument is not None]
    return [annotation for annotation in (*found, statement.returns) if annotation is not None]
