"""The course's assignments, and what a check says when parts of a solution are replaced."""

from __future__ import annotations

import importlib
from functools import cache
from pathlib import Path
from types import ModuleType
from typing import Any

from autograder.grading.engine import Engine
from autograder.grading.hosts import LocalHost
from autograder.model import CheckResult
from autograder.rubric.assignment import Assignment, load

REFERENCE = Path(__file__).parents[2] / "reference"
NAMES = ("regression", "classification", "cnn", "self_attention", "transformer", "gan")


@cache
def assignment(name: str) -> Assignment:
    """Load an assignment, once."""
    return load(REFERENCE / name)


def module(name: str, part: str) -> ModuleType:
    """Return a module of an assignment: its `checks`, its `calibration`, or one of its own."""
    return importlib.import_module(f"{assignment(name).package.__name__}.{part}")


def change_of(name: str, mutant: str) -> dict[str, Any]:
    """Return what a mutant replaces in the solution."""
    found = next(one for one in assignment(name).mutants if one.name == mutant)
    return {found.of: found.change}


def result_of(name: str, check: str, change: dict[str, Any]) -> CheckResult:
    """Return the result of one check, by its function's name, with a hint where there is one."""
    found = assignment(name)
    asked = next(one for one in found.rubric.checks if one.run.__name__ == check)
    return Engine(found, b"one check").run_check(LocalHost(lambda: found.solution(change)), asked, check)


def results_of(name: str, exercise: str, change: dict[str, Any], secret: str = "one exercise") -> list[CheckResult]:
    """Return the results of one exercise's checks."""
    found = assignment(name)
    checks = [check for check in found.rubric.checks if check.exercise == exercise]
    host = LocalHost(lambda: found.solution(change))
    return Engine(found, secret.encode()).run(host, "test", checks=checks, hints=False)
