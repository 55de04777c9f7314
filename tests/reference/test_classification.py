"""The classification assignment: its rubric, its data and its disguises, and a few mistakes and right solutions."""

from __future__ import annotations

import ast
import importlib
import re
from pathlib import Path

import pytest
import torch

from autograder.grading.engine import Engine
from autograder.grading.hosts import LocalHost
from autograder.grading.validate import Validator
from autograder.model import Outcome
from autograder.rubric import Draw
from autograder.rubric.assignment import load

FOLDER = Path(__file__).parents[2] / "reference" / "classification"
ASSIGNMENT = load(FOLDER)
RUBRIC = ASSIGNMENT.rubric
CHECKS = importlib.import_module(f"{ASSIGNMENT.package.__name__}.checks")
VOWELS = importlib.import_module(f"{ASSIGNMENT.package.__name__}.vowels")

MUTANTS = [mutant.name for mutant in ASSIGNMENT.mutants if mutant.of != "label_frames"]


@pytest.fixture(autouse=True, scope="module")
def one_thread():
    """Other work keeps its cores."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


# --- the rubric ---


def test_the_points_are_the_courses():
    assert [(exercise.number, exercise.points) for exercise in RUBRIC.exercises] == [
        ("2.1", 8), ("2.2", 8), ("2.3", 4), ("2.4", 14), ("2.5", 10), ("2.6", 5), ("2.7", 8),
        ("2.8", 12), ("2.9", 4), ("2.10", 9), ("2.11", 4), ("2.12", 10), ("2.13", 4),
    ]  # fmt: skip
    assert RUBRIC.points == 100


def test_the_handout_states_the_ladder():
    handout = (FOLDER / "handout.md").read_text(encoding="utf-8")
    for rung in CHECKS.LADDER.rungs:
        assert f"| {rung.name} | {100 * rung.bound:g} % | {4 * rung.fraction:g} | {rung.technique} |" in handout


def test_every_exercise_but_training_starts_with_a_public_case():
    for exercise in RUBRIC.exercises:
        assert exercise.checks[0].public is not exercise.trains, exercise.number
        assert not any(check.public for check in exercise.checks[1:]), exercise.number


def test_what_is_asked_is_one_line():
    for check in RUBRIC.checks:
        assert check.asked.endswith("."), check.name
        assert len(check.asked) <= 130, check.name


def test_what_is_banned_exists():
    for exercise in RUBRIC.exercises:
        for name in exercise.bans:
            found = torch
            for part in name.split(".")[1:]:
                found = getattr(found, part)
            assert callable(found) or isinstance(found, property), name


def test_the_ladder_climbs_to_full_points():
    bounds, fractions = zip(*((rung.bound, rung.fraction) for rung in CHECKS.LADDER.rungs), strict=True)
    assert list(bounds) == sorted(bounds)
    assert list(fractions) == sorted(fractions)
    assert fractions[-1] == 1


@pytest.mark.parametrize(
    ("word", "message"),
    [
        (" Saddle", ""),
        ("maximum", "`classify_point` in 2 dimensions is not right: you answered 'maximum'."),
        (
            "min",
            '`classify_point` gives one of "not critical", "minimum", "maximum", "saddle", "undecided"; '
            "you returned 'min'.",
        ),
    ],
)
def test_a_kind_of_point_may_be_written_in_capitals_and_no_other_word_is_taken(word, message):
    host = LocalHost(lambda: ASSIGNMENT.solution({"classify_point": lambda *_: word}))
    checks = [check for check in RUBRIC.checks if check.exercise == "2.10"][:1]
    assert Engine(ASSIGNMENT, b"2.10").run(host, "test", checks=checks, hints=False)[0].message == message


def test_a_wrong_sign_in_the_prediction_costs_the_prediction_alone():
    host = LocalHost(lambda: ASSIGNMENT.solution({"predicted_dC": lambda gw, gb, eta: eta * (gw @ gw + gb**2)}))
    checks = [check for check in RUBRIC.checks if check.exercise == "2.6"]
    results = Engine(ASSIGNMENT, b"2.6").run(host, "test", checks=checks, hints=False)
    assert [result.earned for result in results] == [0, 1.5, 0, 2]


# --- the solution ---


def test_headings_name_the_rubrics_exercises_and_points():
    found = re.findall(r"^# ## Exercise (\S+) · (.+) \((\d+) points\)$", ASSIGNMENT.solution_source, re.MULTILINE)
    assert found == [(exercise.number, exercise.title, f"{exercise.points:g}") for exercise in RUBRIC.exercises]


def test_every_function_says_what_it_takes_and_gives():
    functions = [node for node in ast.parse(ASSIGNMENT.solution_source).body if isinstance(node, ast.FunctionDef)]
    assert all(ast.get_docstring(function) for function in functions)
    owned = {name for exercise in RUBRIC.exercises for name in exercise.owns}
    assert owned <= {function.name for function in functions} | {"ANSWERS"}


# --- mistakes and right solutions ---


def test_there_is_a_mistake_for_every_function():
    assert {mutant.of for mutant in ASSIGNMENT.mutants} == {name for one in RUBRIC.exercises for name in one.owns}


def test_hints_are_sentences_and_tell_the_mistakes_of_a_function_apart():
    hints = [(mutant.of, mutant.hint) for mutant in ASSIGNMENT.mutants]
    assert len(set(hints)) == len(hints)
    assert all(hint[-1] in ".?" for _, hint in hints)


@pytest.mark.parametrize("name", ["m_plus_g", "sum_not_mean", "starts_at_zero", "eval_updates", "assign", "uses_diag"])
def test_a_mistake_loses_points_where_it_belongs_and_nowhere_else(name):
    verdict = Validator(ASSIGNMENT).mutant(name, seed=0)
    assert verdict.lost == (verdict.owner,)
    assert verdict.hinted == name


@pytest.mark.exhaustive
@pytest.mark.parametrize("name", MUTANTS)
def test_so_does_every_other_mistake(name):
    for seed in range(3):
        verdict = Validator(ASSIGNMENT).mutant(name, seed)
        assert verdict.lost == (verdict.owner,), seed
        assert verdict.hinted in (name, ""), seed


@pytest.mark.parametrize("name", ["reference", *(equivalent.name for equivalent in ASSIGNMENT.equivalents)])
def test_a_right_solution_gets_full_marks(name):
    assert Validator(ASSIGNMENT).right(name, seed=0) == []


def test_an_engine_that_follows_every_path_does_not_end_in_time():
    """Why there is a check with sixty doublings: right, but 2^60 steps long. Here with 12."""
    graph = {"x0": 0.5} | {f"x{i + 1}": ("add", f"x{i}", f"x{i}") for i in range(12)}
    visits = []

    def follow(name):
        visits.append(name)
        for source in graph[name][1:] if isinstance(graph[name], tuple) else ():
            follow(source)

    follow("x12")
    assert len(visits) == 2**13 - 1
    value, grads = ASSIGNMENT.solution()["scalar_grads"](graph, "x12")
    assert (value, grads["x0"]) == (0.5 * 2**12, 2.0**12)


# --- the recordings ---


def test_the_recordings_are_whole():
    for path, utterances, count in (("public", 270, 4274), ("hidden", 370, 5687)):
        recording = VOWELS.Recording.load(FOLDER / path / "vowels.npz")
        assert recording.frames.shape == (count, 12)
        assert bool(recording.frames.isfinite().all())
        assert recording.utterance.unique().tolist() == list(range(utterances))
        assert recording.speaker.unique().tolist() == list(range(9))


def test_a_disguise_changes_names_and_numbers_but_no_utterance():
    first, second = (VOWELS.Frames(Draw(seed)) for seed in (1, 2))
    for frames in (first, second):
        _, utterance, speaker, new, utterance_new = frames.given
        assert len(new) == len(frames.hidden) == len(utterance_new)
        for labels, numbers in ((speaker, utterance), (frames.hidden, utterance_new)):
            assert bool((numbers.diff() >= 0).all())
            for number in numbers.unique():
                assert len(labels[numbers == number].unique()) == 1
    assert first.given[0].shape == second.given[0].shape
    assert not torch.equal(first.given[0], second.given[0])
    assert first.accuracy(first.hidden) == 1
    assert first.accuracy((first.hidden + 1) % 9) == 0


@pytest.mark.exhaustive
def test_training_reaches_the_last_baseline():
    checks = [check for check in RUBRIC.checks if check.trains]
    for seed in range(3):
        host = LocalHost(ASSIGNMENT.solution)
        results = Engine(ASSIGNMENT, f"training {seed}".encode()).run(host, "test", checks=checks, hints=False)
        assert {result.outcome for result in results} == {Outcome.PASSED}, [result.message for result in results]
