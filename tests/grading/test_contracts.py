"""A breach of a function's contract costs one check of its own, and the function is lent from then on."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch

from autograder.grading.breaches import KINDS, breach_mutant
from autograder.grading.engine import Engine
from autograder.grading.hosts import LocalHost
from autograder.grading.weakness import weaknesses
from autograder.model import CheckResult, Outcome
from autograder.rubric.assignment import Assignment, load
from tests import tiny


def lost(course: Assignment, **changes: Any) -> dict[str, CheckResult]:
    """The checks that did not pass."""
    results = Engine(course, b"s").run(LocalHost(lambda: course.solution(changes)), "d")
    return {result.name: result for result in results if result.outcome is not Outcome.PASSED}


def in_place(x: torch.Tensor) -> torch.Tensor:
    result = x * x
    x += 1
    return result


def in_single(x: torch.Tensor) -> torch.Tensor:
    return (x * x).float()


@pytest.mark.parametrize(
    ("square", "said"), [(in_place, "changes its argument `x` in place"), (in_single, "has dtype float32")]
)
def test_it_costs_one_check_of_its_own_function(tiny_assignment: Assignment, square: Any, said: str) -> None:
    failed = lost(tiny_assignment, square=square)
    assert list(failed) == ["1 small"]
    assert said in failed["1 small"].message


def test_the_same_question_has_the_same_answer(tiny_assignment: Assignment) -> None:
    calls: list[int] = []

    def square(x: torch.Tensor) -> torch.Tensor:
        calls.append(1)
        return x * x if len(calls) != 2 else x * x + 1

    failed = lost(tiny_assignment, square=square)
    assert list(failed) == ["1 small"]
    assert failed["1 small"].message == "`square` gives another answer when it is asked the same again."


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("function", ["square", "total", "slope"])
def test_every_breach_that_validate_tries_is_charged_once(
    tiny_assignment: Assignment, function: str, kind: str
) -> None:
    mutant = breach_mutant(tiny_assignment, function, kind)
    failed = lost(tiny_assignment, **{function: mutant.change})
    assert len(failed) == (1 if mutant.applied else 0)
    assert mutant.applied or function == "total", "a single number has no dtype of its own"


CHECKS = '''
from autograder.rubric import Rubric, expect, matches

rubric = Rubric()
one = rubric.exercise("1", "Square", owns=("square",), points=4)

@one.check("square", 2)
def not_negative(student, reference, draw):
    """Squares are not negative."""
    for _ in range(2):
        expect((student.square(draw.uniform(3, low=1, high=2)) >= 0).all(), "A square is negative.")

@one.cases("square", 2, sizes=(2, 5))
def right(draw, n):
    """Squares."""
    return draw.normal(n)

two = rubric.exercise("2", "Sums", owns=("total", "slope"), points=0)
'''


def test_checks_that_an_answer_without_thought_passes_are_found(tmp_path: Path) -> None:
    found = {(one.where, one.what) for one in weaknesses(load(tiny.write(tmp_path, CHECKS)), 0)}
    assert found == {
        ("1 not_negative", "its first argument passes for `square`"),
        ("1 not_negative", "zero passes for `square`"),
        ("1 not_negative", "the same answer every time passes for `square`"),
    }


def test_arguments_that_never_vary_are_found(tmp_path: Path) -> None:
    always = CHECKS.replace("draw.normal(n)", "draw.normal(3) * 0 + 2")
    always = always.replace("draw.uniform(3, low=1, high=2)", "draw.normal(3) * 0 + 2")
    found = {one.what for one in weaknesses(load(tiny.write(tmp_path, always)), 0) if "argument x" in one.where}
    assert found == {"it has one value in all checks", "it has one shape in all checks: (3,)"}
