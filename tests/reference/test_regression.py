"""The regression assignment grades the grader: every mistake is caught where it belongs, and no right solution is."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest
import torch

from autograder.grading.engine import Engine
from autograder.grading.hosts import LocalHost
from autograder.grading.validate import Validator
from autograder.model import Outcome
from autograder.rubric import Ladder
from autograder.rubric.assignment import load

FOLDER = Path(__file__).parents[2] / "reference" / "regression"
ASSIGNMENT = load(FOLDER)
RUBRIC = ASSIGNMENT.rubric

TRAINED = RUBRIC.owner("fit_predict").owns
MUTANTS = [mutant.name for mutant in ASSIGNMENT.mutants if mutant.of not in TRAINED]
TRAINED_MUTANTS = [mutant.name for mutant in ASSIGNMENT.mutants if mutant.of in TRAINED]
RIGHT = ["reference", *(equivalent.name for equivalent in ASSIGNMENT.equivalents)]
TRAINED_RIGHT = ["reference", *(one.name for one in ASSIGNMENT.equivalents if set(TRAINED) & set(one.changes))]

UNLIKE_ITSELF = {"ignores_generator"}
"""Mistakes that answer differently each time, so that no transcript can be recognised."""


@pytest.fixture(autouse=True, scope="module")
def one_thread():
    """Other work keeps its cores, and figures do not depend on how many there are."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


# --- the rubric ---


def test_the_points_are_the_courses():
    assert [(exercise.number, exercise.points) for exercise in RUBRIC.exercises] == [
        ("1.1", 8), ("1.2", 8), ("1.3", 6), ("1.4", 12), ("1.5", 8), ("1.6", 5),
        ("1.7", 8), ("1.8", 12), ("1.9", 15), ("1.10", 6), ("1.11", 7), ("1.12", 5),
    ]  # fmt: skip
    assert RUBRIC.points == 100


def test_every_exercise_but_training_starts_with_its_public_cases():
    for exercise in RUBRIC.exercises:
        public = [check.public for check in exercise.checks]
        assert public == sorted(public, reverse=True), exercise.number
        assert any(public) is not exercise.trains, exercise.number


def test_training_carries_a_small_part_of_the_points():
    assert sum(check.points for check in RUBRIC.checks if check.trains) <= 0.25 * RUBRIC.points


def test_what_is_asked_is_one_line():
    for check in RUBRIC.checks:
        assert check.asked.endswith("."), check.name
        assert len(check.asked) <= 130, check.name


def test_the_ladder_climbs_to_full_points():
    ladder = next(value for value in vars(_checks()).values() if isinstance(value, Ladder))
    bounds, fractions = [rung.bound for rung in ladder.rungs], [rung.fraction for rung in ladder.rungs]
    assert bounds == sorted(bounds, reverse=True)
    assert fractions == sorted(fractions)
    assert fractions[-1] == 1


def test_the_handout_states_the_ladder():
    handout = (FOLDER / "handout.md").read_text(encoding="utf-8")
    for rung in next(value for value in vars(_checks()).values() if isinstance(value, Ladder)).rungs:
        assert f"| {rung.name} | {rung.bound:g} | {3 * rung.fraction:g} | {rung.technique} |" in handout


@pytest.mark.parametrize("word", ["Optimisation", " OPTIMISATION "])
def test_a_diagnosis_may_be_written_in_capitals(word):
    assert _diagnosed(lambda *_: word)[0].outcome is Outcome.PASSED


def test_a_wrong_diagnosis_shows_one_case_and_what_was_answered():
    _, every = _diagnosed(lambda *_: "good")
    assert re.search(r"wrong in 18 of 21 cases. For one, train 0\.\d+, .*, you answered 'good'", every.message)


def test_a_word_that_is_no_diagnosis_is_met_with_those_that_are():
    for result in _diagnosed(lambda *_: "bias"):
        assert '"model bias", "optimisation", "overfitting", "mismatch", "good"; you returned ' in result.message


# --- the solution ---


def test_headings_name_the_rubrics_exercises_and_points():
    found = re.findall(r"^# ## Exercise (\S+) · (.+) \((\d+) points\)$", ASSIGNMENT.solution_source, re.MULTILINE)
    assert found == [(exercise.number, exercise.title, f"{exercise.points:g}") for exercise in RUBRIC.exercises]


def test_every_function_says_what_it_takes_and_gives():
    functions = [node for node in ast.parse(ASSIGNMENT.solution_source).body if isinstance(node, ast.FunctionDef)]
    assert all(ast.get_docstring(function) for function in functions)
    owned = {name for exercise in RUBRIC.exercises for name in exercise.owns}
    assert owned == {function.name for function in functions} | {"ANSWERS"}


# --- mistakes ---


def test_there_is_a_mistake_for_every_function():
    assert {mutant.of for mutant in ASSIGNMENT.mutants} == {name for one in RUBRIC.exercises for name in one.owns}


def test_hints_are_sentences_and_tell_the_mistakes_of_a_function_apart():
    hints = [(mutant.of, mutant.hint) for mutant in ASSIGNMENT.mutants]
    assert len(set(hints)) == len(hints)
    assert all(hint[-1] in ".?" for _, hint in hints)


@pytest.mark.parametrize("name", MUTANTS)
def test_a_mistake_loses_points_where_it_belongs_and_nowhere_else(name):
    verdict = Validator(ASSIGNMENT).mutant(name, seed=0)
    assert verdict.lost == (verdict.owner,)
    assert verdict.hinted == name or name in UNLIKE_ITSELF


@pytest.mark.exhaustive
@pytest.mark.parametrize("name", MUTANTS)
def test_whatever_the_numbers_drawn(name):
    for seed in range(1, 11):
        verdict = Validator(ASSIGNMENT).mutant(name, seed)
        assert verdict.lost == (verdict.owner,), seed
        assert verdict.hinted in (name, ""), seed


@pytest.mark.exhaustive
@pytest.mark.parametrize("name", TRAINED_MUTANTS)
def test_a_mistake_in_training_loses_points(name):
    assert _training_points(name, seed=0) < RUBRIC.owner("fit_predict").points - 0.4


# --- right solutions ---


@pytest.mark.parametrize("name", RIGHT)
def test_a_right_solution_gets_full_marks(name):
    validator = Validator(ASSIGNMENT)
    assert [failure for seed in range(3) for failure in validator.right(name, seed)] == []


@pytest.mark.exhaustive
@pytest.mark.parametrize("name", RIGHT)
def test_full_marks_whatever_the_numbers_drawn(name):
    validator = Validator(ASSIGNMENT)
    assert [failure for seed in range(3, 23) for failure in validator.right(name, seed)] == []


@pytest.mark.exhaustive
@pytest.mark.parametrize("name", TRAINED_RIGHT)
def test_a_right_training_gets_full_marks(name):
    changes = next((one.changes for one in ASSIGNMENT.equivalents if one.name == name), {})
    for seed in range(3):
        results = _train(changes, seed)
        assert {result.outcome for result in results} == {Outcome.PASSED}, [result.message for result in results]


# --- helpers ---


def _checks():
    """The module that holds the rubric."""
    return __import__(f"{ASSIGNMENT.package.__name__}.checks", fromlist=["rubric"])


def _diagnosed(diagnose):
    """The results of 1.12."""
    host = LocalHost(lambda: ASSIGNMENT.solution({"diagnose": diagnose}))
    checks = [check for check in RUBRIC.checks if check.exercise == "1.12"]
    return Engine(ASSIGNMENT, b"1.12").run(host, "test", checks=checks, hints=False)


def _train(changes, seed):
    """The results of the training checks alone."""
    host = LocalHost(lambda: ASSIGNMENT.solution(changes))
    checks = [check for check in RUBRIC.checks if check.trains]
    return Engine(ASSIGNMENT, f"training {seed}".encode()).run(host, "test", checks=checks, hints=False)


def _training_points(name, seed):
    mutant = next(one for one in ASSIGNMENT.mutants if one.name == name)
    return sum(result.earned for result in _train({mutant.of: mutant.change}, seed))
