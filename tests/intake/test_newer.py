"""Syntax of a later Python is called that; a mistake stays a mistake."""

from __future__ import annotations

import sys
from collections.abc import Callable

import pytest

from autograder.intake.newer import newer_syntax
from autograder.model import Submission

HERE = f"{sys.version_info[0]}.{sys.version_info[1]}"


@pytest.mark.parametrize(
    ("source", "version"),
    [
        ('def f(info):\n    return f"{info["n"]} rows"\n', (3, 12)),
        ("x = f'{', '.join(['a'])!r:>{10}}'\n", (3, 12)),
        ("x = f'{d['a']}' + \"it's\" # it's\n", (3, 12)),
        ('x = f"{\n    1  # one }\n}"\n', (3, 12)),
        ('x = f"{f"{f"{1}"}"}"\n', (3, 12)),
        ('x = rf"{d["a"]}\\d" + f"{{{d["b"]}}}"\n', (3, 12)),
        ("def first[T](xs: list[T]) -> T: return xs[0]\n", (3, 12)),
        ("class Stack[T: (int, str)]: pass\n", (3, 12)),
        ("type Pair = tuple[int, int]\n", (3, 12)),
        ("type Pair[T] = tuple[T, T]\n", (3, 12)),
        ("try: pass\nexcept ValueError, TypeError: pass\n", (3, 14)),
        ('x = t"{name}"\n', (3, 14)),
        ('def f[T](x: T):\n    return t"{x["a"]}"\n', (3, 14)),
    ],
)
def test_newer_syntax_is_recognised(source: str, version: tuple[int, int]) -> None:
    found = newer_syntax(source, (3, 11))
    assert found is not None and found.version == version
    assert newer_syntax(source, (3, 14)) is None


@pytest.mark.parametrize(
    "source",
    [
        "x = = 1", "print 3", "def f(:", 'x = f"{d["a"]}" = 2', 'x = f"{', "x = 'open", "except A, B:",
        'f"{' * 5_000,
        'f"{a["b}"', "type x", "def f[T(x): pass", "if x\n    pass", "raise A, B", "x = f'{'", 'print "a %d" % f"{1}"',
    ],
)  # fmt: skip
def test_a_mistake_is_not(source: str) -> None:
    assert newer_syntax(source, (3, 11)) is None


@pytest.mark.skipif(sys.version_info >= (3, 14), reason="this Python knows all of it")
def test_the_student_is_told_the_versions(module: Callable[..., Submission]) -> None:
    source = "def good(): return 1\ndef f(x):\n    try: return x\n    except ValueError, TypeError: return 2\n"
    assert module(source).notes == (
        f"line 4: several exceptions without parentheses need Python 3.14, and the grader has Python {HERE}. `f` was "
        "left out; everything else is graded.",
    )
