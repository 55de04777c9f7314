"""A written question: what an author may say, and where students find it."""

from __future__ import annotations

import pytest

from autograder.errors import RubricError
from autograder.rubric import Exercise, Rubric, Written
from autograder.rubric.written import prose_of, question_text, with_answer_cells
from tests import tiny
from tests.asked import QUESTIONS, WHY

SOURCE = tiny.SOLUTION + QUESTIONS


def test_questions_stand_among_the_exercises_in_the_order_in_which_they_were_added():
    why = Written("1.2", "Why?", points=2, elements=("because",))
    rubric = Rubric(Exercise("1.1", "Square", owns=("square",), points=0), why)
    rubric.written("1.3", "Why not?", points=3, elements=("it is not",), bonus=True)
    assert [part.number for part in rubric.parts] == ["1.1", "1.2", "1.3"]
    assert [one.number for one in rubric.exercises] == ["1.1"]
    assert [one.number for one in rubric.questions] == ["1.2", "1.3"]
    assert (rubric.points, rubric.written_points) == (0, 2)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"points": 0}, "points=0 is not a number above 0"),
        ({"points": -1}, "points=-1 is not a number above 0"),
        ({"points": True}, "points=True is not a number above 0"),
        ({"points": float("inf")}, "points=inf is not a number above 0"),
        ({"number": 1.9}, 'write its number in quotes, "1.9"'),
        ({"elements": "convex"}, "elements is a tuple of texts, with a comma"),
        ({"elements": ()}, "say what a full answer has, for the person who grades"),
        ({"elements": ("convex", " ")}, "elements is a tuple of texts"),
    ],
)
def test_a_slip_is_told_with_the_question(change, said):
    whole = {"number": "1.9", "title": "Why?", "points": 3, "elements": ("because",)} | change
    rubric = Rubric(Exercise("1.1", "Square", owns=("square",), points=0), Written(**whole))
    with pytest.raises(RubricError, match=r"written question 1\.9: ") as caught:
        rubric.verify()
    assert said in str(caught.value)


def test_a_question_and_an_exercise_do_not_share_a_number():
    rubric = Rubric(Exercise("1.1", "Square", owns=("square",), points=0))
    rubric.written("1.1", "Why?", points=1, elements=("because",))
    with pytest.raises(RubricError, match=r"two exercises have the number 1\.1"):
        rubric.verify()


def test_the_place_to_answer_comes_below_the_question():
    lines = with_answer_cells(SOURCE, ["3"]).split("\n")
    at = lines.index("# Answer in three sentences.")
    assert lines[at + 1 : at + 4] == ['# %% [markdown] written="3"', 'r"""', "**Your answer to 3:**"]
    assert len(lines) == len(SOURCE.split("\n")) + 6


def test_a_question_that_the_solution_does_not_ask_is_told():
    with pytest.raises(
        RubricError, match=r"does not ask question 5: write it in a text cell .*`# ## Exercise 5 · TITLE`"
    ):
        with_answer_cells(SOURCE, ["3", "5"])


def test_a_number_is_not_taken_for_the_beginning_of_another():
    with pytest.raises(RubricError):
        with_answer_cells("# %% [markdown]\n# ## Exercise 1.91 · Why? (1 point)\n", ["1.9"])


def test_the_text_of_a_question_is_its_cell():
    assert question_text(SOURCE, "3") == f"## Exercise 3 · {WHY} (3 points)\nAnswer in three sentences."
    assert question_text(SOURCE, "9") == ""


def test_prose_is_text_cells_alone():
    """It is released with the public checks: no comment of a solution is in it."""
    assert prose_of("# %% [markdown]\n# To read.\n# %%\n# SOLUTION\n# a secret\n") == "To read."
