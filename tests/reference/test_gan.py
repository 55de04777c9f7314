"""The GAN assignment: its data, its judge, and a reference that gets full marks."""

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
from autograder.rubric import Draw, MismatchError
from autograder.rubric.assignment import load

FOLDER = Path(__file__).parents[2] / "reference" / "gan"
ASSIGNMENT = load(FOLDER)
RUBRIC = ASSIGNMENT.rubric
checks = importlib.import_module(f"{ASSIGNMENT.package.__name__}.checks")
judge = checks.judge


@pytest.fixture(autouse=True, scope="module")
def one_thread():
    """Figures do not depend on how many cores there are."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


def by_heart(images):
    """A generator that makes nothing but training images: the mutant's."""
    mutant = next(one for one in ASSIGNMENT.mutants if one.name == "by_heart")
    return ASSIGNMENT.solution({"train_gan": mutant.change})["train_gan"](images, 0)[0]


# --- the rubric ---


def test_a_hundred_points_of_which_few_for_training():
    assert RUBRIC.points == 100
    assert sum(check.points for check in RUBRIC.checks if check.trains) == 16


def test_every_exercise_starts_with_its_public_checks():
    for exercise in RUBRIC.exercises:
        public = [check.public for check in exercise.checks]
        assert public == sorted(public, reverse=True), exercise.number
        assert any(public) is (exercise.owns not in {("ANSWERS",), ("train_gan",)}), exercise.number


def test_headings_name_the_rubrics_exercises_and_points():
    found = re.findall(r"^# ## Exercise (\S+) · (.+) \((\d+) points\)$", ASSIGNMENT.solution_source, re.MULTILINE)
    assert found == [(exercise.number, exercise.title, f"{exercise.points:g}") for exercise in RUBRIC.exercises]


def test_every_function_says_what_it_takes_and_gives():
    functions = [node for node in ast.parse(ASSIGNMENT.solution_source).body if isinstance(node, ast.FunctionDef)]
    asked = {function.name for function in functions if not function.name.startswith("_")}
    assert all(ast.get_docstring(function) for function in functions if function.name in asked)
    assert {name for exercise in RUBRIC.exercises for name in exercise.owns} == asked - {"network"} | {"ANSWERS"}


def test_there_is_a_mistake_for_every_function_and_a_hint_for_each():
    assert {mutant.of for mutant in ASSIGNMENT.mutants} == {name for one in RUBRIC.exercises for name in one.owns}
    hints = [(mutant.of, mutant.hint) for mutant in ASSIGNMENT.mutants]
    assert len(set(hints)) == len(hints)
    assert all(hint[-1] in ".?" for _, hint in hints)


def test_the_ladder_climbs_to_full_points():
    bounds, fractions = zip(*((rung.bound, rung.fraction) for rung in checks.LADDER.rungs), strict=True)
    assert list(bounds) == sorted(bounds, reverse=True)
    assert list(fractions) == sorted(fractions)
    assert fractions[-1] == 1


def test_the_reference_gets_full_marks():
    assert Validator(ASSIGNMENT).right("reference", seed=0) == []


@pytest.mark.parametrize("name", ["not_detached", "d_not_frozen", "mean_out", "one_alpha", "not_clamped", "same_noise"])
def test_a_mistake_loses_points_where_it_belongs_and_nowhere_else(name):
    verdict = Validator(ASSIGNMENT).mutant(name, seed=0)
    assert verdict.lost == (verdict.owner,)
    assert verdict.hinted == name


def test_g_against_the_old_d_costs_about_half_of_the_exercise():
    mutant = next(one for one in ASSIGNMENT.mutants if one.name == "against_old_d")
    assert sum(result.earned for result in _results("6.4", {mutant.of: mutant.change})) == 6


def test_a_lost_graph_is_named_beside_pytorchs_words():
    mutant = next(one for one in ASSIGNMENT.mutants if one.name == "graph_lost")
    messages = [result.message for result in _results("6.8", {mutant.of: mutant.change}) if result.message]
    assert messages
    assert all(message.endswith("Was the graph of the slope kept when you took it?") for message in messages)


def test_one_epoch_is_a_training_that_scores_low():
    def one_epoch(images, seed):
        torch.manual_seed(seed)
        return [torch.randn(64, 8), torch.zeros(64)], [1.0], [1.0]

    result = _results("6.13", {"train_gan": one_epoch})[0]
    assert result.message.startswith("Fréchet distance")
    assert result.curve.losses == (1.0,)


def _results(exercise, changes):
    """The results of one exercise's checks."""
    host = LocalHost(lambda: ASSIGNMENT.solution(changes))
    checks = [check for check in RUBRIC.checks if check.exercise == exercise]
    return Engine(ASSIGNMENT, b"some").run(host, "test", checks=checks, hints=False)


# --- data and judge ---


def test_digits():
    images, labels = judge.digits()
    assert images.shape == (1797, 64)
    assert float(images.min()) == 0
    assert float(images.max()) == 1
    assert labels.bincount().tolist() == [178, 182, 177, 183, 181, 182, 181, 179, 174, 180]


def test_the_classifier_knows_the_digits():
    images, labels = judge.digits()
    assert float((judge.looks(images)[1].argmax(dim=1) == labels).double().mean()) > 0.97


@pytest.mark.parametrize("seed", range(4))
def test_a_task_is_turned_and_turned_back(seed):
    task = judge.Task.drawn(Draw(seed), 7)
    assert len(task.labels.unique()) == 7
    assert torch.equal(task.turned_back(task.given.float()), task.real)


def test_tasks_differ():
    tasks = [judge.Task.drawn(Draw(seed), 7) for seed in range(20)]
    assert len({(tuple(task.labels.unique().tolist()), tuple(task.order.tolist())) for task in tasks}) > 15


def test_what_is_stored_before_is_worth_little():
    task = judge.Task.drawn(Draw(3), 7)
    images, _ = judge.digits()
    noise = torch.rand(2000, 64, generator=torch.Generator().manual_seed(0))
    assert task.distance(task.real) < 0.01
    assert task.distance(images) > checks.LADDER.rungs[2].bound
    assert task.distance(noise) > checks.LADDER.rungs[1].bound


@pytest.mark.parametrize("noise", [0.0, 0.1, 0.2])
def test_copies_are_found_even_with_noise_on_them(noise):
    task = judge.Task.drawn(Draw(4), 7)
    generator = torch.Generator().manual_seed(0)
    blurred = task.real + noise * torch.randn(task.real.shape, generator=generator)
    assert task.copied(blurred.clamp(0, 1)) > 0.25


def test_real_images_that_were_not_given_are_not_taken_for_copies():
    task = judge.Task.drawn(Draw(5), 7)
    half = judge.Task(task.real[::2], task.labels[::2], task.order)
    assert half.copied(task.real[1::2]) < 0.2


def test_a_generator_that_knows_its_images_by_heart_is_caught():
    task = judge.Task.drawn(Draw(6), 7)
    made = judge.generate(judge.generator_of(by_heart(task.given)), Draw(0), 500)
    assert task.copied(task.turned_back(made)) > 0.8


@pytest.mark.parametrize(
    "value",
    [
        None,
        [],
        [torch.zeros(64, 2)],
        [torch.zeros(64, 2), torch.zeros(63)],
        [torch.zeros(63, 2), torch.zeros(63)],
        [torch.zeros(8, 2), torch.zeros(8), torch.zeros(64, 7), torch.zeros(64)],
        [torch.zeros(64, 2, dtype=torch.int64), torch.zeros(64)],
        [torch.full((64, 2), torch.nan), torch.zeros(64)],
        [torch.zeros(64, 2000), torch.zeros(64)],
        [torch.zeros(2), torch.zeros(64)],
    ],
)
def test_what_is_not_a_generator_is_said_so(value):
    with pytest.raises(MismatchError):
        judge.generator_of(value)
