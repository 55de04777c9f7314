"""Slips are looked for in all of a rubric's modules."""

from __future__ import annotations

from autograder.grading.slips import notes
from autograder.rubric.assignment import load
from tests import tiny


def test_a_check_that_prints_is_found_in_an_exercises_own_module(tmp_path):
    folder = tiny.write(tmp_path)
    first, rest = tiny.CHECKS.split("two = ")
    first = first.replace("Rubric, matches", "Exercise, matches").replace("rubric = Rubric()", "")
    first = first.replace("rubric.exercise(", "Exercise(").replace(
        "    for size in", "    print(draw)\n    for size in"
    )
    (folder / "exercises").mkdir()
    (folder / "exercises/squares.py").write_text(first)
    start = "from autograder.rubric import Rubric, matches, agrees_with_numerical\nfrom .exercises import squares\n"
    (folder / "checks.py").write_text(f"{start}rubric = Rubric(squares.one)\ntwo = {rest}")
    (note,) = notes(load(folder))
    assert note.startswith("reference/tiny/exercises/squares.py, line 14: a check that prints")
