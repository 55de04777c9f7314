"""The public names of `autograder.rubric` explain themselves: arguments, results, and examples that run."""

from __future__ import annotations

import doctest
import inspect
from collections.abc import Iterator
from types import FunctionType
from typing import Any

import pytest
import torch

from autograder import rubric
from autograder.grading.local import LocalConversation

SOLUTION = """
import torch

def mse(prediction, target):
    return ((prediction - target) ** 2).mean()

def mae(prediction, target):
    return (prediction - target).abs().mean()

def slope(w, x, y):
    return 2 * x.T @ (x @ w - y) / len(y)

def descend(w, steps):
    losses = []
    for _ in range(steps):
        losses.append(w * w)
        w = w - 0.2 * w
    return losses

def noise(n, generator):
    return torch.randn(n, generator=generator)

ANSWERS = {"updates": 1000, "why": "overfitting"}
"""

SUBMISSION = """
def mae(prediction, target):
    return (prediction - target).mean()

ANSWERS = {"updates": 100, "why": "Overfitting"}
PREDICTIONS = "id,label\\n0,3\\n1,7\\n"
"""
"""What the student of the examples wrote in place of the solution: one wrong function, one wrong answer."""

THE_ENGINES = {
    "Driver.verify",
    "Reference.allow",
    "Reference.again",
    "Reference.answer",
    "Reference.answered_by",
    "Student.ban",
    "Student.stand_in",
    "Student.untouched",
}
"""Methods that no instructor calls: they need no example."""


def public() -> Iterator[tuple[str, Any]]:
    """Every public name, and every public method of the classes among them."""
    for name in rubric.__all__:
        value = getattr(rubric, name)
        if inspect.isclass(value):
            yield name, value
            yield from ((f"{name}.{key}", one) for key, one in vars(value).items() if is_public_method(key, one))
        elif callable(value):
            yield name, value


def is_public_method(name: str, value: object) -> bool:
    return not name.startswith("_") and isinstance(value, FunctionType)


PUBLIC = dict(public())


def in_the_hands_of_a_check() -> dict[str, Any]:
    """The names that an example may use: all of `autograder.rubric`, and what a check is given."""
    solution: dict[str, Any] = {}
    exec(SOLUTION, solution)
    submission = dict(solution)
    exec(SUBMISSION, submission)
    reference = rubric.Reference(solution)
    names = {name: getattr(rubric, name) for name in rubric.__all__}
    student = rubric.Student(LocalConversation(submission), reference)
    return {**names, "torch": torch, "student": student, "reference": reference, "draw": rubric.Draw(seed=1)}


@pytest.mark.parametrize("name", PUBLIC)
def test_the_example_runs_as_it_is_written(name):
    examples = doctest.DocTestParser().get_doctest(
        inspect.getdoc(PUBLIC[name]), in_the_hands_of_a_check(), name, None, 0
    )
    assert examples.examples or name in THE_ENGINES, f"{name} has no example"
    told: list[str] = []
    doctest.DocTestRunner(optionflags=doctest.ELLIPSIS).run(examples, out=told.append)
    assert not told, "".join(told)


@pytest.mark.parametrize("name", PUBLIC)
def test_every_argument_and_result_is_explained(name):
    value, text = PUBLIC[name], inspect.getdoc(PUBLIC[name]) or ""
    for field in fields_of(value):
        assert f"\n    {field}: " in text, f"{name} does not explain {field}"
    if isinstance(value, FunctionType) and value.__annotations__["return"] != "None":
        assert "\nReturns:\n" in text


def fields_of(value: Any) -> Iterator[str]:
    """The arguments of a function or a constructor, with their stars, and the fields of a data class."""
    for one in inspect.signature(value).parameters.values():
        if one.name != "self":
            stars = {one.VAR_POSITIONAL: "*", one.VAR_KEYWORD: "**"}
            yield f"{stars.get(one.kind, '')}{one.name}"
