"""What is particular to the regression assignment: its diagnoses and its training."""

from __future__ import annotations

import re

import pytest

from autograder.model import Outcome
from tests.reference.course import assignment, change_of, results_of

ASSIGNMENT = assignment("regression")
TRAINED = ASSIGNMENT.rubric.owner("fit_predict").owns
TRAINED_MUTANTS = [mutant.name for mutant in ASSIGNMENT.mutants if mutant.of in TRAINED]
TRAINED_RIGHT = ["reference", *(one.name for one in ASSIGNMENT.equivalents if set(TRAINED) & set(one.changes))]


# --- diagnoses ---


def diagnosed(diagnose):
    return results_of("regression", "1.12", {"diagnose": diagnose})


@pytest.mark.parametrize("word", ["Optimisation", " OPTIMISATION "])
def test_a_diagnosis_may_be_written_in_capitals(word):
    assert diagnosed(lambda *_: word)[0].outcome is Outcome.PASSED


def test_a_wrong_diagnosis_shows_one_case_and_what_was_answered():
    _, every = diagnosed(lambda *_: "good")
    assert re.search(r"wrong in \d+ of \d+ cases. For one, train 0\.\d+, .*, you answered 'good'", every.message)


def test_a_word_that_is_no_diagnosis_is_met_with_those_that_are():
    for result in diagnosed(lambda *_: "bias"):
        assert '"model bias", "optimisation", "overfitting", "mismatch", "good"; you returned ' in result.message


# --- training ---


def trained(change, seed):
    return results_of("regression", "1.11", change, f"training {seed}")


@pytest.mark.exhaustive
@pytest.mark.parametrize("name", TRAINED_MUTANTS)
def test_a_mistake_in_training_loses_points(name):
    earned = sum(result.earned for result in trained(change_of("regression", name), seed=0))
    assert earned < ASSIGNMENT.rubric.owner("fit_predict").points - 0.4


@pytest.mark.exhaustive
@pytest.mark.parametrize("name", TRAINED_RIGHT)
def test_a_right_training_gets_full_marks(name):
    changes = next((one.changes for one in ASSIGNMENT.equivalents if one.name == name), {})
    for seed in range(3):
        results = trained(changes, seed)
        assert {result.outcome for result in results} == {Outcome.PASSED}, [result.message for result in results]
