"""Know what an assertion compares: which side is the student's, what it has to be, and how near."""

from __future__ import annotations

import ast
from collections.abc import Callable
from dataclasses import dataclass, replace

from autograder.release.importing.testcode import AUTOTEST, SHOWN


@dataclass(frozen=True)
class Comparison:
    """Two values that have to be equal.

    Attributes:
        one: A value.
        other: Another one; None for what the reference has in the place of `one`.
        rtol: The relative tolerance, as code; None for that of `compare`.
        atol: The absolute tolerance, as code; None for that of `compare`.
        ordered: Whether `one` is known to be the student's.
        whole: The test itself, where it takes one number for an array of it.
    """

    one: ast.expr
    other: ast.expr | None
    rtol: ast.expr | None = None
    atol: ast.expr | None = None
    ordered: bool = False
    whole: ast.expr | None = None


@dataclass(frozen=True)
class Condition:
    """Something that has to be true."""

    test: ast.expr


@dataclass(frozen=True)
class Shown:
    """A value, and how it is to look when it is shown."""

    value: ast.expr
    text: str


Demand = Comparison | Condition | Shown


def _number(value: float) -> ast.expr:
    return ast.Constant(value)


def _close(rtol: float, atol: float) -> Callable[[ast.Call], Comparison | None]:
    """Know a function of two values with `rtol` and `atol`, in this order."""

    def known(call: ast.Call) -> Comparison | None:
        found = _pair(call, (("rtol", rtol), ("atol", atol)))
        return found if found is None or "assert" in _last(call) else replace(found, whole=call)

    return known


def _named_close(names: tuple[str, str], rtol: float, atol: float) -> Callable[[ast.Call], Comparison | None]:
    """Know a function that calls its tolerances otherwise, and takes them by name."""

    def known(call: ast.Call) -> Comparison | None:
        return _pair(call, ((names[0], rtol), (names[1], atol)))

    return known


def _standard(call: ast.Call) -> Comparison | None:
    """Know a function that takes the usual tolerances of its values."""
    found = _pair(call, (("rtol", 0.0), ("atol", 0.0)))
    if found is None:
        return None
    given = {word.arg for word in call.keywords}
    rtol, atol = found.rtol if "rtol" in given else None, found.atol if "atol" in given else None
    return Comparison(found.one, found.other, rtol, atol)


def _equal(call: ast.Call) -> Comparison | None:
    return Comparison(call.args[0], call.args[1]) if len(call.args) >= 2 else None


def _decimals(factor: float, usual: int) -> Callable[[ast.Call], Comparison | None]:
    """Know a function that takes a number of decimals."""

    def known(call: ast.Call) -> Comparison | None:
        if len(call.args) < 2:
            return None
        words = {word.arg: word.value for word in call.keywords}
        if isinstance(delta := words.get("delta"), ast.Constant):
            return Comparison(call.args[0], call.args[1], _number(0), delta)
        places = words.get("decimal") or words.get("places") or (call.args[2] if len(call.args) > 2 else None)
        count = usual if places is None else places.value if isinstance(places, ast.Constant) else None
        if not isinstance(count, int):
            return None
        return Comparison(call.args[0], call.args[1], _number(0), _number(float(f"{factor}e{-count}")))

    return known


def _pair(call: ast.Call, tolerances: tuple[tuple[str, float], tuple[str, float]]) -> Comparison | None:
    if len(call.args) < 2 or any(isinstance(one, ast.Starred) for one in call.args):
        return None
    words = {word.arg: word.value for word in call.keywords}
    rtol, atol = (
        words.get(name) or (call.args[at] if len(call.args) > at else _number(usual))
        for at, (name, usual) in enumerate(tolerances, 2)
    )
    return Comparison(call.args[0], call.args[1], rtol, atol)


COMPARING: dict[str, Callable[[ast.Call], Comparison | None]] = {
    "allclose": _close(1e-5, 1e-8),
    "isclose": _close(1e-5, 1e-8),
    "math.isclose": _named_close(("rel_tol", "abs_tol"), 1e-9, 0.0),
    "array_equal": _equal,
    "equal": _equal,
    "assert_allclose": _close(1e-7, 0.0),
    "assert_close": _standard,
    "assert_equal": _equal,
    "assert_array_equal": _equal,
    "assert_array_almost_equal": _decimals(1.5, 6),
    "assert_almost_equal": _decimals(1.5, 7),
    "assert_frame_equal": _standard,
    "assert_series_equal": _standard,
    "assertEqual": _equal,
    "assertAlmostEqual": _decimals(0.5, 7),
    "assertListEqual": _equal,
    "assertTupleEqual": _equal,
    "assertDictEqual": _equal,
    "assertSequenceEqual": _equal,
    "eq_": _equal,
}
"""Functions that compare two values, by the last part of their name, or by more of it."""

CONDITIONS: dict[str, Callable[[ast.Call], ast.expr]] = {
    "assertTrue": lambda call: call.args[0],
    "assert_true": lambda call: call.args[0],
    "ok_": lambda call: call.args[0],
    "assert_": lambda call: call.args[0],
    "assertFalse": lambda call: ast.UnaryOp(ast.Not(), call.args[0]),
    "assert_false": lambda call: ast.UnaryOp(ast.Not(), call.args[0]),
    "assertIsNone": lambda call: ast.Compare(call.args[0], [ast.Is()], [ast.Constant(None)]),
    "assertIsNotNone": lambda call: ast.Compare(call.args[0], [ast.IsNot()], [ast.Constant(None)]),
    "assertIn": lambda call: ast.Compare(call.args[0], [ast.In()], [call.args[1]]),
    "assertNotIn": lambda call: ast.Compare(call.args[0], [ast.NotIn()], [call.args[1]]),
    "assertIsInstance": lambda call: ast.Call(ast.Name("isinstance", ast.Load()), call.args[:2], []),
    "assertNotEqual": lambda call: ast.Compare(call.args[0], [ast.NotEq()], [call.args[1]]),
    "assertGreater": lambda call: ast.Compare(call.args[0], [ast.Gt()], [call.args[1]]),
    "assertGreaterEqual": lambda call: ast.Compare(call.args[0], [ast.GtE()], [call.args[1]]),
    "assertLess": lambda call: ast.Compare(call.args[0], [ast.Lt()], [call.args[1]]),
    "assertLessEqual": lambda call: ast.Compare(call.args[0], [ast.LtE()], [call.args[1]]),
}
"""Functions that demand something else, and what that is."""


def demands_of(statement: ast.stmt) -> list[Demand] | None:
    """Return what a statement asserts; None where it asserts nothing."""
    match statement:
        case ast.Assert(test=test):
            return _demands(test)
        case ast.Expr(value=ast.Call(func=ast.Name(id=name), args=[value])) if name == AUTOTEST:
            return [Comparison(value, None, ordered=True)]
        case ast.Expr(value=ast.Call(func=ast.Name(id=name), args=[value, ast.Constant(value=str(text))])) if (
            name == SHOWN
        ):
            return [Shown(value, text)]
        case ast.Expr(value=ast.Call() as call) if "assert" in _last(call) or _last(call) in ("eq_", "ok_"):
            if (condition := CONDITIONS.get(_last(call))) and call.args:
                return _demands(condition(call))
            found = _compared(call)
            return None if found is None else [found]
        case ast.Raise(exc=ast.expr() as raised) if ast.unparse(raised).startswith("AssertionError"):
            return [Condition(ast.Constant(False))]
    return None


def said(statement: ast.stmt) -> ast.expr | None:
    """Return what the author says where an assertion fails."""
    match statement:
        case ast.Assert(msg=ast.expr() as message):
            return message
        case ast.Raise(exc=ast.Call(args=[message])):
            return message
        case ast.Expr(value=ast.Call(keywords=words)):
            return next((word.value for word in words if word.arg in ("msg", "err_msg")), None)
    return None


def _demands(test: ast.expr) -> list[Demand]:
    if isinstance(test, ast.BoolOp) and isinstance(test.op, ast.And):
        return [one for value in test.values for one in _demands(value)]
    found = _compared(_bare(test))
    return [found if found is not None else Condition(test)]


def _bare(test: ast.expr) -> ast.expr:
    """Return a comparison of arrays without the `all` around it."""
    match test:
        case ast.Call(func=ast.Attribute(value=inner, attr="all" | "item"), args=[]):
            return _bare(inner)
        case ast.Call(
            func=ast.Attribute(attr="all") | ast.Name(id="all" | "bool"), args=[ast.Compare() | ast.Call() as inner]
        ):
            return _bare(inner)
    return test


def _compared(test: ast.expr) -> Comparison | None:
    match test:
        case ast.Compare(left=left, ops=[ast.Eq()], comparators=[right]):
            return _approximate(left, right) or _approximate(right, left) or Comparison(left, right)
        case ast.Compare(left=left, ops=[ast.Is()], comparators=[ast.Constant(value=None | True | False) as right]):
            return Comparison(left, right)
        case ast.Compare(left=left, ops=[ast.Lt() | ast.LtE()], comparators=[bound]):
            difference = _difference(left)
            return Comparison(*difference, _number(0), bound) if difference else None
        case ast.Compare(left=bound, ops=[ast.Gt() | ast.GtE()], comparators=[right]) if _difference(right):
            one, other = _difference(right) or (right, right)
            return Comparison(one, other, _number(0), bound)
        case ast.Call() as call:
            whole = ast.unparse(call.func)
            known = COMPARING.get(whole) or COMPARING.get(_last(call))
            return known(call) if known else None
    return None


def _approximate(left: ast.expr, right: ast.expr) -> Comparison | None:
    """Know `left == pytest.approx(value)`."""
    if not (isinstance(right, ast.Call) and _last(right) == "approx" and right.args):
        return None
    found = _pair(ast.Call(right.func, [left, *right.args], right.keywords), (("rel", 1e-6), ("abs", 1e-12)))
    return found


def _difference(test: ast.expr) -> tuple[ast.expr, ast.expr] | None:
    """Return the two values in `abs(one - other)`, with a `max` around it or not."""
    match test:
        case ast.Call(func=ast.Attribute(value=inner, attr="max" | "item" | "abs"), args=[]):
            if isinstance(test.func, ast.Attribute) and test.func.attr == "abs":
                return (inner.left, inner.right) if _is_minus(inner) else None  # type: ignore[attr-defined]
            return _difference(inner)
        case ast.Call(args=[inner]) if _last(test) in ("max", "amax", "float", "nanmax"):
            return _difference(inner)
        case ast.Call(args=[ast.BinOp(left=left, op=ast.Sub(), right=right)]) if _last(test) in (
            "abs",
            "fabs",
            "absolute",
        ):
            return left, right
    return None


def _is_minus(node: ast.expr) -> bool:
    return isinstance(node, ast.BinOp) and isinstance(node.op, ast.Sub)


def _last(call: ast.expr) -> str:
    return ast.unparse(call.func).rpartition(".")[2] if isinstance(call, ast.Call) else ""
