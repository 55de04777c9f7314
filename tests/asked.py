"""The tiny assignment with two written questions, and reports of what a class answered."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from autograder.model import CheckResult, ExerciseInfo, Outcome, Report
from tests import tiny

WHY = "Why does the sum of squares have one minimum?"
QUESTIONS = f"""\
# %% [markdown]
# ## Exercise 3 · {WHY} (3 points)
# Answer in three sentences.
# %% [markdown]
# ## Exercise 4 · What if you square the sum? (2 points)
# %% [markdown]
# That was all. Look at your pictures again.
"""
RUBRIC = f"""
rubric.written("3", "{WHY}", points=3, elements=("it is convex", "its slope `2x` is zero once"))
rubric.written("4", "What if you square the sum?", points=2, elements=("a plane of minima",))
"""
RIGHT = "def square(x):\n    return x * x\ndef total(x):\n    return square(x).sum()\ndef slope(x):\n    return 2 * x\n"


def write(root: Path) -> Path:
    """Write the assignment to root/reference/tiny and return that folder."""
    folder = tiny.write(root, tiny.CHECKS + RUBRIC)
    (folder / "solution.py").write_text(tiny.SOLUTION + QUESTIONS, encoding="utf-8")
    return folder


def notebook(*cells: tuple[str, str] | tuple[str, str, str]) -> bytes:
    """A notebook of cells: a kind, a text, and the question that the metadata name."""
    made: list[dict[str, Any]] = []
    for kind, source, *tag in cells:
        metadata = {"autograder": {"written": tag[0]}} if tag else {}
        made.append({"cell_type": kind, "source": source, "metadata": metadata})
    return json.dumps({"cells": made, "metadata": {}, "nbformat": 4, "nbformat_minor": 5}).encode()


def answer(number: str, text: str, points: float = 3.0) -> CheckResult:
    """The result of a written question that nobody has graded."""
    outcome = Outcome.NOT_GRADED if text else Outcome.NOT_ATTEMPTED
    return CheckResult(f"{number} written", number, "Your answer, in words.", points, 0.0, outcome, True, answer=text)


def report(student: str, *answers: CheckResult, earned: float = 10.0, check_weight: float = 1.0) -> Report:
    """A report with a check that earned points, and written answers."""
    check = CheckResult("1 all", "1", "All is right.", 10.0, earned, Outcome.PASSED, True)
    infos = (ExerciseInfo("1", "Square", 10.0), *(ExerciseInfo(one.exercise, WHY, one.points) for one in answers))
    return Report(
        student, "tiny", "d", "a", "e", "graded", check_weight * earned, 15.0, infos, (check, *answers),
        check_weight=check_weight,
    )  # fmt: skip
