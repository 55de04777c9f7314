"""Where the course says "by hand", the rubric bans what would do it; and only the rubric says what that is."""

from __future__ import annotations

import ast
import re

import pytest

from autograder.protocol.families import AUTOGRAD, families
from autograder.release.by_hand import PLACE
from autograder.rubric.rubric import Exercise
from tests.reference.course import NAMES, REFERENCE, assignment

OR_NOT = {"4.7"}
"""Exercises that say "by hand" and leave the choice."""
RULES = re.compile(
    r"not allowed|do not count|do(es)? not count here|may not (use|call)|[Nn]o `torch\.|use what you like"
)
EXERCISES = [(name, exercise) for name in NAMES for exercise in assignment(name).rubric.exercises]

every_exercise = pytest.mark.parametrize(
    ("name", "exercise"), EXERCISES, ids=[exercise.number for _, exercise in EXERCISES]
)


def texts(name: str, exercise: Exercise) -> str:
    """What students read about an exercise: the text above it, and its functions' docstrings."""
    source = (REFERENCE / name / "solution.py").read_text(encoding="utf-8")
    heading = re.compile(rf"# ## Exercise {re.escape(exercise.number)} ·.*?(?=^# %%$)", re.DOTALL | re.MULTILINE)
    above = heading.search(source)
    assert above is not None
    functions = [
        ast.get_docstring(node) or ""
        for node in ast.parse(source).body
        if isinstance(node, ast.FunctionDef) and node.name in exercise.owns
    ]
    return " ".join((above[0], *functions)).replace("\n#", "")


@every_exercise
def test_by_hand_is_by_hand(name: str, exercise: Exercise) -> None:
    text = texts(name, exercise)
    if exercise.number not in OR_NOT:
        if re.search(r"by hand|yourself", text, re.IGNORECASE):
            assert exercise.bans
        if re.search(r"(no|without) autograd|(gradient|slopes|way back)[^.]*by hand|no tensors", text):
            assert AUTOGRAD in families(exercise.bans)


@every_exercise
def test_where_autograd_is_let_in_it_is_not_banned(name: str, exercise: Exercise) -> None:
    if re.search(r"let `torch\.autograd` do it|[Aa]utograd is allowed", texts(name, exercise).replace("  ", " ")):
        assert AUTOGRAD not in families(exercise.bans)


@every_exercise
def test_the_starter_says_what_is_banned_where_it_is(name: str, exercise: Exercise) -> None:
    starter = (REFERENCE.parent / "assignments" / name / f"{name}.py").read_text(encoding="utf-8")
    cells = [cell for cell in starter.split("# %%") if f"## Exercise {exercise.number} ·" in cell]
    assert ["**By hand:**" in cell for cell in cells] == [bool(exercise.bans)]


@every_exercise
def test_all_that_is_banned_is_of_a_family(name: str, exercise: Exercise) -> None:
    assert [banned for banned in exercise.bans if not families((banned,))] == []


@pytest.mark.parametrize("name", NAMES)
def test_nobody_else_says_what_is_allowed(name: str) -> None:
    handout = (REFERENCE / name / "handout.md").read_text(encoding="utf-8")
    solution = (REFERENCE / name / "solution.py").read_text(encoding="utf-8")
    assert PLACE in handout
    assert RULES.findall(handout) == RULES.findall(solution) == []
