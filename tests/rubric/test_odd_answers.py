"""Every check of the course against answers of every odd kind: they are wrong, and never an error of the grader's."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from types import FunctionType
from typing import Any

import pytest
import torch

from autograder.grading.engine import Engine
from autograder.grading.hosts import LocalHost
from autograder.model import Outcome
from autograder.rubric.assignment import Assignment, load
from tests.rubric.odd_values import MAKERS

REFERENCE = Path(__file__).parents[2] / "reference"
COURSE = sorted(folder.name for folder in REFERENCE.iterdir() if (folder / "checks.py").is_file())


def with_odd(assignment: Assignment, name: str, make: Callable[[], Any], after: int) -> dict[str, Any]:
    """The reference, whose function or answer `name` gives something odd from its call number `after` on."""
    namespace = assignment.solution()
    right = namespace[name]
    calls = 0

    def odd(*args: Any, **kwargs: Any) -> Any:
        nonlocal calls
        calls += 1
        return right(*args, **kwargs) if calls <= after else make()

    try:
        namespace[name] = odd if isinstance(right, FunctionType | type) else make()
    except BaseException:
        namespace[name] = None
    return namespace


@pytest.mark.timeout(1200)
@pytest.mark.slow
@pytest.mark.parametrize(
    "after",
    [
        pytest.param(0, id="from the first call on"),
        pytest.param(1, id="after a right answer", marks=pytest.mark.exhaustive),
    ],
)
@pytest.mark.parametrize("name", COURSE)
def test_no_answer_makes_the_grader_fail(name: str, after: int) -> None:
    assert len(MAKERS) >= 60
    assignment = load(REFERENCE / name)
    engine = Engine(assignment, b"odd", precisions=(torch.float64,))
    found = []
    for check in assignment.rubric.checks:
        if check.trains and after:
            continue  # the right answer would be a training of minutes
        for what, make in MAKERS.items():
            host = LocalHost(lambda f=check.function, m=make: with_odd(assignment, f, m, after))
            verdict = engine.verdict(host, check, what)
            if verdict.outcome is Outcome.GRADER_ERROR:
                found.append(f"{check.name}, {what}: {verdict.message.strip().splitlines()[-1]}")
    assert found == []
