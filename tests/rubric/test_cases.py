"""Checks that need nothing but inputs."""

from __future__ import annotations

from typing import Any

import pytest
import torch

from autograder.errors import MismatchError
from autograder.grading.local import LocalConversation
from autograder.rubric import Draw, Reference, Rubric, Student, named

SOLUTION: dict[str, Any] = {"scaled": lambda x, by=2.0: x * by}


def run(rubric: Rubric, submission: dict[str, Any]) -> None:
    reference = Reference(SOLUTION)
    rubric.checks[0].run(Student(LocalConversation(submission), reference), reference, Draw(seed=1))


def rubric_of(**options: Any) -> tuple[Rubric, list[tuple[Any, ...]]]:
    rubric, made = Rubric(), []
    exercise = rubric.exercise("1", "One", owns=("scaled",), points=1)

    @exercise.cases("scaled", 1, **options)
    def inputs(draw: Draw, *size: Any) -> Any:
        """What is asked."""
        made.append(size)
        return draw.normal(3)

    return rubric, made


def test_each_size_is_a_call() -> None:
    rubric, made = rubric_of(sizes=(2, (3, 4), "five"))
    run(rubric, SOLUTION)
    assert made == [(2,), (3, 4), ("five",)]
    assert (rubric.checks[0].name, rubric.checks[0].function, rubric.checks[0].asked) == (
        "1 inputs", "scaled", "What is asked.",
    )  # fmt: skip


def test_without_sizes_there_is_one_call() -> None:
    rubric, made = rubric_of()
    run(rubric, SOLUTION)
    assert made == [()]


def test_a_wrong_answer_is_named() -> None:
    rubric, _ = rubric_of()
    with pytest.raises(MismatchError, match="`scaled`: 3 of 3 values differ"):
        run(rubric, {"scaled": lambda x, by=2.0: x + by})


def test_the_tolerance_may_be_wider() -> None:
    rubric, _ = rubric_of(rtol=0.5, atol=0.5)
    run(rubric, {"scaled": lambda x, by=2.0: x * by * 1.2})


def test_arguments_may_have_names() -> None:
    rubric = Rubric()
    exercise = rubric.exercise("1", "One", owns=("scaled",), points=1)

    @exercise.cases("scaled", 1)
    def inputs(draw: Draw) -> Any:
        """What is asked."""
        return draw.normal(3), named(by=3.0)

    run(rubric, SOLUTION)
    with pytest.raises(MismatchError):
        run(rubric, {"scaled": lambda x, by=2.0: x * 2.0})


def test_a_dictionary_is_an_argument_like_another() -> None:
    rubric = Rubric()
    exercise = rubric.exercise("1", "One", owns=("scaled",), points=1)
    seen: list[Any] = []

    @exercise.cases("scaled", 1)
    def inputs(draw: Draw) -> Any:
        """What is asked."""
        return ({"a": 1},)

    def scaled(x: Any, by: float = 2.0) -> torch.Tensor:
        seen.append(x)
        return torch.ones(2)

    reference = Reference({"scaled": scaled})
    rubric.checks[0].run(Student(LocalConversation({"scaled": scaled}), reference), reference, Draw(seed=1))
    assert {"a": 1} in seen
