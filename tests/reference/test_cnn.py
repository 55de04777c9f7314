"""The cnn assignment: its rubric, its data, its ladder, and the reference on one seed."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import numpy as np
import pytest
import torch

from autograder.grading.engine import Engine
from autograder.grading.hosts import LocalHost
from autograder.grading.validate import Validator
from autograder.release import released
from autograder.rubric import Draw
from autograder.rubric.assignment import load

FOLDER = Path(__file__).parents[2] / "reference" / "cnn"
ASSIGNMENT = load(FOLDER)
RUBRIC = ASSIGNMENT.rubric
CHECKS = __import__(f"{ASSIGNMENT.package.__name__}.checks", fromlist=["rubric"])
CALIBRATION = __import__(f"{ASSIGNMENT.package.__name__}.calibration", fromlist=["LEVELS"])


@pytest.fixture(autouse=True, scope="module")
def one_thread():
    """Other work keeps its cores, and figures do not depend on how many there are."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


# --- the rubric ---


def test_the_points_are_the_courses_and_the_bonus_is_extra():
    assert [(exercise.number, exercise.points) for exercise in RUBRIC.exercises] == [
        ("3.1", 8), ("3.2", 18), ("3.3", 16), ("3.4", 12), ("3.5", 8),
        ("3.6", 6), ("3.7", 8), ("3.8", 10), ("3.9", 14), ("3.10", 6),
    ]  # fmt: skip
    assert RUBRIC.points == 100


def test_every_exercise_but_training_starts_with_a_public_case():
    for exercise in RUBRIC.exercises:
        if not exercise.trains:
            assert exercise.checks[0].public, exercise.number
        assert not any(check.public for check in exercise.checks[1:]), exercise.number


def test_training_carries_a_small_part_of_the_points():
    assert sum(check.points for check in RUBRIC.checks if check.trains) <= 0.25 * RUBRIC.points


def test_what_is_asked_is_one_line():
    for check in RUBRIC.checks:
        assert check.asked.endswith("."), check.name
        assert len(check.asked) <= 130, check.name


def test_writing_a_convolution_bans_the_librarys_and_training_does_not():
    for exercise in RUBRIC.exercises:
        banned = {"torch.nn.functional.conv2d", "torch.nn.Conv2d", "torch.nn.functional.unfold"} & set(exercise.bans)
        assert len(banned) == (3 if exercise.number in ("3.2", "3.3") else exercise.number == "3.4")
    assert RUBRIC.owner("train_cnn").bans == ()


@pytest.mark.parametrize("name", sorted({name for exercise in RUBRIC.exercises for name in exercise.bans}))
def test_what_is_banned_exists(name):
    found = torch
    for part in name.split(".")[1:]:
        found = getattr(found, part)
    assert callable(found)


# --- the solution ---


def test_headings_name_the_rubrics_exercises_and_points():
    found = re.findall(r"^# ## Exercise (\S+) · (.+) \((\d+) points\)$", ASSIGNMENT.solution_source, re.MULTILINE)
    assert found == [(exercise.number, exercise.title, f"{exercise.points:g}") for exercise in RUBRIC.exercises]


def test_every_function_says_what_it_takes_and_gives():
    functions = [node for node in ast.parse(ASSIGNMENT.solution_source).body if isinstance(node, ast.FunctionDef)]
    assert all(ast.get_docstring(function) for function in functions)
    owned = {name for exercise in RUBRIC.exercises for name in exercise.owns}
    assert owned | {"tiny_cnn", "train_mlp"} == {function.name for function in functions} | {"ANSWERS"}


def test_the_starter_has_the_public_digits_and_not_the_hidden_ones():
    files = released(FOLDER)
    assert {"cnn.py", "cnn.ipynb", "README.md", "data/digits.npz"} <= set(files)
    assert (FOLDER / "hidden" / "digits.npz").read_bytes() not in files.values()


# --- the digits ---


def test_the_digits_are_balanced_and_none_is_both_public_and_hidden():
    seen = {}
    for folder, each in (("public", 200), ("hidden", 300)):
        with np.load(FOLDER / folder / "digits.npz") as stored:
            assert stored["images"].shape == (10 * each, 28, 28)
            assert stored["images"].dtype == np.uint8
            assert np.bincount(stored["labels"]).tolist() == [each] * 10
            seen[folder] = {image.tobytes() for image in stored["images"]}
    assert not seen["public"] & seen["hidden"]


def test_every_draw_moves_and_renumbers_the_digits_anew():
    one, same, other = (CHECKS.Digits(Draw(seed), learn=300, read=50) for seed in (1, 1, 2))
    assert one.x.shape == (300, 1, 28, 28) and one.x_new.shape == (50, 1, 28, 28)
    assert one.x.dtype == torch.float32 and one.x.min() == 0 and one.x.max() == 1
    assert torch.equal(one.x, same.x) and torch.equal(one.y, same.y)
    assert not torch.equal(one.x, other.x)


def test_shuffled_pixels_are_the_same_pixels():
    draw = Draw(3)
    plain = CHECKS.Digits(draw, learn=20, read=10)
    shuffled = plain.shuffled(draw)
    assert not torch.equal(plain.x, shuffled.x)
    assert torch.equal(plain.x.flatten(1).sort().values, shuffled.x.flatten(1).sort().values)
    assert torch.equal(plain.y_new, shuffled.y_new)


# --- the ladder ---


def test_the_ladder_climbs_to_full_points_and_every_rung_is_measured():
    rungs = CHECKS.LADDER.rungs
    assert [rung.bound for rung in rungs] == sorted(rung.bound for rung in rungs)
    assert [rung.fraction for rung in rungs] == sorted(rung.fraction for rung in rungs)
    assert rungs[-1].fraction == 1
    assert [level.rung for level in CALIBRATION.LEVELS] == [rung.name for rung in rungs]


def test_the_handout_names_the_baselines():
    handout = (FOLDER / "handout.md").read_text(encoding="utf-8")
    for rung in CHECKS.LADDER.rungs:
        assert f"| {rung.name} | {rung.bound:g} | {100 * rung.fraction:g} % |" in handout


# --- mistakes and right solutions ---


def test_there_is_a_mistake_for_every_function():
    assert {mutant.of for mutant in ASSIGNMENT.mutants} == {name for one in RUBRIC.exercises for name in one.owns}


def test_hints_are_sentences_and_tell_the_mistakes_of_a_function_apart():
    hints = [(mutant.of, mutant.hint) for mutant in ASSIGNMENT.mutants]
    assert len(set(hints)) == len(hints)
    assert all(hint[-1] in ".?" for _, hint in hints)


def test_the_reference_gets_full_marks():
    assert Validator(ASSIGNMENT).right("reference", seed=0) == []


@pytest.mark.parametrize("name", ["flip", "dx_assign", "all_ties", "matrix_transposed", "p_is_keep"])
def test_a_mistake_loses_points_where_it_belongs_and_is_recognised(name):
    verdict = Validator(ASSIGNMENT).mutant(name, seed=0)
    assert verdict.lost == (verdict.owner,)
    assert verdict.hinted == name


def outcome(mutant, check):
    """What a check says of a mutant, when the rest of the solution is right."""
    change = next(one for one in ASSIGNMENT.mutants if one.name == mutant)
    host = LocalHost(lambda: ASSIGNMENT.solution({change.of: change.change}))
    asked = next(one for one in RUBRIC.checks if one.run.__name__ == check)
    return Engine(ASSIGNMENT, b"outcome").run_check(host, asked, mutant)


@pytest.mark.parametrize(
    ("name", "earned", "told"),
    [
        ("never_the_farthest", 1, "none of 60 images moves by +1 down"),
        ("upper_ends_left_out", 1, "none of 60 images moves by +1 down"),
        ("never_up_or_left", 1, "none of 60 images moves by -1 down"),
        ("one_move", 0, "all images of the batch move together"),
        ("diagonal", 0, "each image moves as far down as to the right"),
    ],
)
def test_images_that_move_wrongly_are_told_how_and_moves_that_are_missing_cost_half(name, earned, told):
    result = outcome(name, "moved_images")
    assert (result.earned, result.mutant) == (earned, name)
    assert told in result.message


def test_the_logarithm_of_a_softmax_fails_where_a_row_has_large_and_small_logits():
    assert outcome("log_of_softmax", "soft_targets").earned == 1
    result = outcome("log_of_softmax", "large_logits")
    assert (result.earned, result.mutant) == (0, "log_of_softmax")
    assert "NaN or infinity" in result.message


@pytest.mark.parametrize(("losses", "told"), [([], "one loss for each epoch"), ([2.3], "at least two epochs")])
def test_too_few_losses_are_told_what_is_missing(losses, told):
    check = next(one for one in RUBRIC.checks if one.run.__name__ == "reports_its_losses")
    change = {"train_cnn": lambda x, y, x_new, seed: (torch.zeros(len(x_new)), losses)}
    result = Engine(ASSIGNMENT, b"outcome").run_check(LocalHost(lambda: ASSIGNMENT.solution(change)), check, "losses")
    assert result.earned == 0
    assert told in result.message


@pytest.mark.exhaustive
@pytest.mark.parametrize("name", ["loops", "with_numpy", "library_where_it_may", "gradient_by_hand"])
def test_other_right_solutions_get_full_marks(name):
    assert [failure for seed in range(2) for failure in Validator(ASSIGNMENT).right(name, seed)] == []
