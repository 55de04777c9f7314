"""Single statements and expressions: what they are, what they read and bind, and what is cheap to run."""

from __future__ import annotations

import ast
from typing import Any

import pytest

from autograder.intake.imports import allowed_modules, bindings, cannot_fail, forbidden, own_modules, stand_in
from autograder.intake.simple import dotted, is_cheap_call, is_literal, is_simple, loads, stores
from autograder.intake.statements import (
    compile_error,
    compiles,
    is_docstring,
    raises_only,
    read_at_definition,
    root,
    try_parts,
)
from autograder.syntax import is_main_guard


def statement(source: str) -> Any:
    (found,) = ast.parse(source).body
    return found


def expression(source: str) -> Any:
    return ast.parse(source, mode="eval").body


# --- statements --------------------------------------------------------------------------------------------------


def test_a_statement_may_parse_and_not_compile() -> None:
    assert compile_error(statement("x = 1")) is None
    assert isinstance(compile_error(statement("return 1")), SyntaxError)
    assert compiles("x = 1\n") and not compiles("return 1\n") and not compiles("x = (")


@pytest.mark.parametrize(("source", "docstring"), [("'words'", True), ("b'x'", False), ("3", False), ("x", False)])
def test_a_docstring_is_a_text_alone(source: str, docstring: bool) -> None:
    assert is_docstring(statement(source)) is docstring
    assert not is_docstring(statement(f"x = {source}"))


@pytest.mark.parametrize(
    ("test", "guard"),
    [
        ("__name__ == '__main__'", True),
        ("'__main__' == __name__", True),
        ("__name__", False),
        ("x == '__main__'", False),
        ("True", False),
    ],
)
def test_the_main_guard_may_stand_either_way_round(test: str, guard: bool) -> None:
    assert is_main_guard(statement(f"if {test}: pass")) is guard
    assert not is_main_guard(statement(f"while {test}: pass"))


def test_the_parts_of_a_try_are_those_of_all_its_blocks() -> None:
    whole = statement("try: a\nexcept A: b\nexcept B:\n  c\n  d\nelse: e\nfinally: f\n")
    assert [ast.unparse(part) for part in try_parts(whole)] == ["a", "b", "c", "d", "e", "f"]


@pytest.mark.parametrize(
    ("source", "name"), [("a", "a"), ("a.b[0].c", "a"), ("f(a).b", ""), ("a.b", "a"), ("[a][0]", ""), ("3", "")]
)
def test_the_root_of_a_target_is_the_name_it_begins_with(source: str, name: str) -> None:
    assert root(expression(source)) == name
    assert root(ast.Starred(expression(source))) == name


@pytest.mark.parametrize(
    ("source", "raises"),
    [
        ("def f(): raise NotImplementedError", True),
        ("def f():\n  'Doc.'\n  raise NotImplementedError('Exercise 1')", True),
        ("async def f(): raise NotImplementedError", True),
        ("def f():\n  'Doc.'", False),
        ("def f():\n  x = 1\n  raise NotImplementedError", False),
        ("def f():\n  'Doc.'\n  x = 1\n  raise NotImplementedError", False),
        ("def f(): raise ValueError", False),
        ("def f(): raise errors.NotImplementedError", False),
        ("def f(): return NotImplementedError", False),
        ("raise NotImplementedError", False),
        ("class A: raise NotImplementedError", False),
    ],
)
def test_an_untouched_starter_raises_and_does_nothing_else(source: str, raises: bool) -> None:
    assert raises_only(statement(source), "NotImplementedError") is raises


def test_a_definition_runs_its_decorators_defaults_and_annotations() -> None:
    function = statement("@d\n@e()\ndef f(a: A, /, b: B = x, *c: C, k: K, m: M = y, **n: N) -> R: return z")
    assert [ast.unparse(one) for one in read_at_definition(function, annotations=False)] == ["d", "e()", "x", "y"]
    every = {ast.unparse(one) for one in read_at_definition(function, annotations=True)}
    assert every == {"d", "e()", "x", "y", "A", "B", "C", "K", "M", "N", "R"}
    assert read_at_definition(statement("def f(a, *, k): pass"), annotations=True) == []
    kind = statement("@d\nclass A(B, c.C, metaclass=M): x = y")
    for whole in (False, True):
        found = [ast.unparse(one) for one in read_at_definition(kind, annotations=whole)]
        assert found == ["d", "B", "c.C", "M"]


# --- expressions -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("source", "name"), [("np.random.seed", "numpy.random.seed"), ("f", "f"), ("f().x", ""), ("a[0].b", ""), ("3", "")]
)
def test_a_dotted_name_is_the_one_its_module_has(source: str, name: str) -> None:
    assert dotted(expression(source), {"np": "numpy"}) == name


@pytest.mark.parametrize(
    ("source", "literal"),
    [
        ("3", True), ("'a'", True), ("lambda: f()", True), ("[1, (2, 'a')]", True), ("()", True),
        ("{'a': [1], 2: -3}", True), ("-1.5", True), ("+1", True), ("-'a'", False), ("-x", False), ("not 1", False),
        ("~1", False), ("x", False), ("[1, x]", False), ("(x,)", False), ("{x: 1}", False), ("{'a': x}", False),
        ("{**x}", False), ("{1}", False), ("1 + 1", False), ("f()", False),
    ],
)  # fmt: skip
def test_a_literal_cannot_fail(source: str, literal: bool) -> None:
    assert is_literal(expression(source)) is literal


def test_nothing_is_a_literal() -> None:
    assert is_literal(None)


@pytest.mark.parametrize(
    ("source", "simple"),
    [
        ("1 + x * 2", True), ("a.b[0]", True), ("[i ** 2 for i in range(9)]", True), ("lambda: train()", True),
        ("{'a': len(x)}", True), ("f'{x}'", True), ("x if y else z", True), ("x[1:2]", True), ("a < b", True),
        ("train()", False), ("1 + train()", False), ("[train() for i in x]", False), ("[i for i in train()]", False),
        ("f'{train()}'", False), ("x[train():2]", False), ("x if train() else y", False), ("(yield)", False),
        ("(yield from x)", False), ("await x", False), ("[i for i in x if train()]", False), ("{'a': train()}", False),
    ],
)  # fmt: skip
def test_a_simple_expression_calls_only_what_is_cheap(source: str, simple: bool) -> None:
    assert is_simple(expression(source), {}) is simple


@pytest.mark.parametrize(
    ("source", "cheap"),
    [
        ("len(x)", True), ("np.zeros(3)", True), ("numpy.zeros(3)", True), ("np.load('x')", False),
        ("torch.nn.Linear(1, 1)", True), ("Relu()", True), ("a.b.Thing()", True), ("relu()", False),
        ("math.anything(1)", True), ("mathematics.sqrt(1)", False), ("'a b'.split()", True), ("x.item()", True),
        ("train().item()", False), ("x.train()", True), ("x.fit()", False), ("f()()", False), ("x[0]()", False),
        ("len(train())", False), ("dict(a=train())", False), ("dict(a=1, b=2)", True), ("len(1, train())", False),
        ("print(1)", False), ("os.path.join('a', 'b')", True), ("os.remove('a')", False), ("item()", False),
    ],
)  # fmt: skip
def test_a_cheap_call_is_of_a_known_function_with_simple_arguments(source: str, cheap: bool) -> None:
    assert is_cheap_call(expression(source), {"np": "numpy"}) is cheap


@pytest.mark.parametrize(
    ("source", "read"),
    [
        ("x = y + z", {"y", "z"}),
        ("a.b = c[d]", {"a", "c", "d"}),
        ("[i for i in x]", {"x"}),
        ("lambda a, *b, c=d: a + b + e", {"d", "e"}),
        ("def f(x): return x + y", {"y"}),
        ("del x", set()),
    ],
)
def test_what_a_statement_reads_are_names_it_does_not_bind_itself(source: str, read: set[str]) -> None:
    assert loads(statement(source)) == read


@pytest.mark.parametrize(
    ("source", "bound"),
    [
        ("x, (y, *z) = 1", {"x", "y", "z"}),
        ("x.y = z[0] = 1", set()),
        ("x: int", set()),
        ("x: int = 1", {"x"}),
        ("x += 1", {"x"}),
        ("def f(a): b = 1", {"f"}),
        ("async def f(a): b = 1", {"f"}),
        ("class A:\n  b = 1", {"A"}),
        ("import a.b, c as d", {"a", "d"}),
        ("from a import b, c as d, e", {"b", "d", "e"}),
        ("from a import *", set()),
        ("for i in x: y = 1", {"i", "y"}),
        ("with a as b: c = 1", {"b", "c"}),
        ("try: a = 1\nexcept E as e: b = 1", {"a", "e", "b"}),
        ("try: a = 1\nexcept E: b = 1", {"a", "b"}),
        ("f(x := 1)", {"x"}),
        ("f = lambda: (y := 1)", {"f"}),
        ("if a:\n  def f(): b = 1\nelse: c = 1", {"f", "c"}),
    ],
)
def test_what_a_statement_binds_are_names_of_the_module(source: str, bound: set[str]) -> None:
    assert stores(statement(source)) == bound


# --- imports -----------------------------------------------------------------------------------------------------

ALLOWED = frozenset({"math", "torch", "os"})


@pytest.mark.parametrize(
    ("source", "packages"),
    [
        ("import math, torch.nn", []),
        ("import keras.layers, math, jax, keras", ["keras", "jax"]),
        ("from keras.layers import Dense", ["keras"]),
        ("from torch.nn import Linear", []),
        ("from . import keras", []),
        ("from .keras import x", []),
    ],
)
def test_packages_outside_the_list_are_named_once(source: str, packages: list[str]) -> None:
    assert forbidden(statement(source), ALLOWED) == packages


@pytest.mark.parametrize(
    ("source", "sure"),
    [
        ("import torch", True), ("import torch, math as m", True), ("import torch.nn", True),
        ("import torch.nn.functional as F", True), ("import torch.no_such", False), ("import math, torch.x", False),
        ("from torch import nn, optim", True), ("from torch import nn, nothing", False), ("from math import pi", True),
        ("from collections import OrderedDict", True), ("from pathlib import Path", True), ("import os.path", False),
    ],
)  # fmt: skip
def test_an_import_that_works_everywhere_needs_no_guard(source: str, sure: bool) -> None:
    assert cannot_fail(statement(source)) is sure


@pytest.mark.parametrize(
    ("source", "names"),
    [
        ("import a.b, c", [("a", "a"), ("c", "c")]),
        ("import a.b as d", [("d", "a.b")]),
        ("from a.b import c, d as e, f", [("c", "a.b.c"), ("e", "a.b.d"), ("f", "a.b.f")]),
        ("from a import *", []),
        ("from . import x", [("x", ".x")]),
    ],
)
def test_an_import_binds_names_that_stand_for_something(source: str, names: list[tuple[str, str]]) -> None:
    assert bindings(statement(source)) == names


@pytest.mark.parametrize(
    ("source", "line"),
    [
        ("import keras", "keras = MISSING('keras')"),
        ("import keras.layers as L", "L = MISSING('keras')"),
        ("import math, keras, os.path as p", "import math; keras = MISSING('keras'); import os.path as p"),
        ("from keras.layers import (\n A,\n B as C)", "A = C = MISSING('keras')"),
        ("from keras import *", "pass"),
    ],
)
def test_a_missing_package_is_stood_in_for_on_one_line(source: str, line: str) -> None:
    helper = '__import__("_autograder_intake").missing'
    assert stand_in(statement(source), ALLOWED) == line.replace("MISSING", helper)


def test_what_may_be_imported_is_the_library_the_packages_and_ones_own() -> None:
    allowed = allowed_modules({"scikit-learn", "matplotlib", "torch"}, {"helpers"})
    assert allowed >= {"sklearn", "matplotlib", "mpl_toolkits", "torch", "helpers", "os", "__future__"}
    assert allowed >= {"typing_extensions"} and not allowed & {"scikit-learn", "numpy", "keras"}
    paths = ["helpers.py", "tools/plots.py", "data.csv", "nb.ipynb", "deep/er/x.py"]
    assert own_modules(paths) == {"helpers", "tools", "deep"}
