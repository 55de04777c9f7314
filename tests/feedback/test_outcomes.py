"""What follows from outcomes."""

from __future__ import annotations

import pytest

from autograder.feedback.outcomes import ExerciseResult, overall, unreached
from autograder.model import Outcome
from tests.reports import sample


@pytest.mark.parametrize(
    ("outcomes", "outcome", "shown"),
    [
        ((), None, "·"),
        ((Outcome.PASSED, Outcome.PASSED), Outcome.PASSED, "✓"),
        ((Outcome.PASSED, Outcome.FAILED), Outcome.PARTLY, "1.5 ◐"),
        ((Outcome.PASSED, Outcome.NOT_ATTEMPTED), Outcome.PARTLY, "1.5 ◐"),
        ((Outcome.NOT_ATTEMPTED, Outcome.NOT_ATTEMPTED), Outcome.NOT_ATTEMPTED, "○"),
        ((Outcome.NOT_ATTEMPTED, Outcome.FAILED), Outcome.FAILED, "✗"),
        ((Outcome.SKIPPED, Outcome.SKIPPED), Outcome.SKIPPED, "–"),
        ((Outcome.PASSED, Outcome.TIMED_OUT), Outcome.TIMED_OUT, "1.5 T"),
        ((Outcome.CRASHED, Outcome.OUT_OF_MEMORY), Outcome.OUT_OF_MEMORY, "M"),
        ((Outcome.CRASHED, Outcome.FAILED), Outcome.CRASHED, "C"),
        ((Outcome.TIMED_OUT, Outcome.GRADER_ERROR), Outcome.GRADER_ERROR, "!"),
    ],
)
def test_an_exercise_in_one_cell(outcomes: tuple[Outcome, ...], outcome: Outcome | None, shown: str) -> None:
    results = tuple(sample.check("1.1", each, part) for part, each in enumerate(outcomes))
    found = ExerciseResult.of(sample.report("ada", results), sample.EXERCISES[0])
    assert (found.outcome, found.text) == (outcome, shown)


def test_a_cell_says_itself_in_words() -> None:
    results = (sample.check("1.1", Outcome.PASSED), sample.check("1.1", Outcome.CRASHED, 1))
    assert ExerciseResult.of(sample.report("ada", results), sample.EXERCISES[0]).words == "1.1: 1.5 of 3, crashed"


def test_passed_checks_that_are_not_all_are_partly() -> None:
    results = [sample.check("1.1", Outcome.PASSED)]
    assert overall(results, 1.5) is Outcome.PASSED
    assert overall(results, 3) is Outcome.PARTLY


def test_loading_that_ended_everything_leaves_nothing_to_repeat() -> None:
    stopped = sample.all_of(Outcome.TIMED_OUT, message="Stopped after 20 seconds.")
    why = "While your file was loaded: Stopped after 20 seconds."
    assert unreached(sample.report("ada", stopped, problem=why))
    assert not unreached(sample.report("ada", (*stopped, sample.check("1.1", Outcome.FAILED)), problem=why))
    assert not unreached(sample.report("ada", stopped))
    assert not unreached(sample.report("ada", sample.all_of(Outcome.PASSED), problem=why))
