"""What holds of every assignment of the course: its rubric, its solution, its ladders, its mistakes."""

from __future__ import annotations

import ast
import re
from collections.abc import Callable
from typing import Any

import pytest
import torch

from autograder.grading.validate import Validator
from autograder.protocol.names import resolve
from autograder.rubric import Ladder
from autograder.sandbox.guest.refusals import functions
from tests.reference.course import NAMES, REFERENCE, assignment, module, result_of

POINTS = {
    "regression": (8, 8, 6, 12, 8, 5, 8, 12, 15, 6, 7, 5),
    "classification": (8, 8, 4, 14, 10, 5, 8, 12, 4, 9, 4, 10, 4),
    "cnn": (8, 18, 16, 12, 8, 6, 8, 10, 14, 6),
    "self_attention": (14, 12, 18, 14, 10, 6, 12, 8, 6),
    "transformer": (8, 10, 14, 12, 12, 5, 5, 5, 12, 5, 12),
    "gan": (8, 9, 10, 12, 3, 5, 3, 10, 8, 5, 8, 3, 16),
}
BONUS = {"3.10"}
NONE_PUBLIC = {"6.12"}
"""Exercises that do not train and have no public check: short answers alone."""
GIVEN = {
    "classification": {"sources", "with_context", "linear_frames", "node_value", "local_slopes"},
    "cnn": {"train_mlp", "tiny_cnn"},
    "transformer": {"Translator", "decoder_logits", "attention"},
    "gan": {"network", "new_network"},
}
"""What the starter has already written."""
UNRECOGNISED = {"ignores_generator", "empty_divides", "stops_on_w", "stops_on_any"}
"""Mistakes that answer differently each time, or raise; and two that answer alike on this seed."""
LIKELY = {
    "classification": ("m_plus_g", "sum_not_mean", "starts_at_zero", "eval_updates", "assign", "uses_diag"),
    "cnn": ("flip", "dx_assign", "all_ties", "matrix_transposed", "p_is_keep"),
    "self_attention": ("signed_mean", "w_transposed", "states_with_w_transposed", "rows_throughout"),
    "transformer": ("overflows", "log_of_softmax", "log_clamped", "largest_norm"),
    "gan": ("not_detached", "d_not_frozen", "mean_out", "one_alpha", "not_clamped", "same_noise"),
}
"""The mistakes to try in every run; all of regression's, which are quick. `make exhaustive` tries the rest."""
REFERENCE_ALONE = {"cnn", "self_attention", "gan"}
"""Assignments whose other right solutions take their time."""


def mistakes(name: str) -> list[str]:
    """The mutants of functions that do not train."""
    found = assignment(name)
    return [mutant.name for mutant in found.mutants if not found.owner(mutant).trains]


def right(name: str) -> list[str]:
    return ["reference", *(equivalent.name for equivalent in assignment(name).equivalents)]


def ladders(name: str) -> list[Ladder]:
    return [value for value in vars(module(name, "exercises.training")).values() if isinstance(value, Ladder)]


LIKELY_MISTAKES = [(name, mistake) for name in NAMES for mistake in LIKELY.get(name, mistakes(name))]
ALL_MISTAKES = [(name, mistake) for name in NAMES for mistake in mistakes(name)]
QUICK_RIGHT = [(name, one) for name in NAMES for one in (["reference"] if name in REFERENCE_ALONE else right(name))]
ALL_RIGHT = [(name, one) for name in NAMES for one in right(name)]

every_assignment = pytest.mark.parametrize("name", NAMES)


# --- the rubric ---


@every_assignment
def test_the_points_are_the_courses_and_a_bonus_is_extra(name: str) -> None:
    rubric = assignment(name).rubric
    numbers = [f"{NAMES.index(name) + 1}.{place + 1}" for place in range(len(POINTS[name]))]
    assert [(one.number, one.points) for one in rubric.exercises] == list(zip(numbers, POINTS[name], strict=True))
    assert {one.number for one in rubric.exercises if one.bonus} == BONUS & set(numbers)
    assert rubric.points == 100


@every_assignment
def test_every_exercise_but_training_starts_with_a_public_case(name: str) -> None:
    for exercise in assignment(name).rubric.exercises:
        public = [check.public for check in exercise.checks]
        assert public == sorted(public, reverse=True), exercise.number
        assert any(public) is not (exercise.trains or exercise.number in NONE_PUBLIC), exercise.number


@every_assignment
def test_training_carries_a_small_part_of_the_points(name: str) -> None:
    rubric = assignment(name).rubric
    assert sum(check.points for check in rubric.checks if check.trains) <= 0.25 * rubric.points


@every_assignment
def test_what_is_asked_is_one_line(name: str) -> None:
    for check in assignment(name).rubric.checks:
        assert check.asked.endswith("."), check.name
        assert len(check.asked) <= 130, check.name


@every_assignment
def test_what_is_banned_can_be_called(name: str) -> None:
    """Or is a module, of which something can be."""
    for exercise in assignment(name).rubric.exercises:
        banned = {name: resolve(name) for name in exercise.bans}
        assert all(callable(thing) or functions({name: thing}) for name, thing in banned.items())


# --- the solution ---


@every_assignment
def test_headings_name_the_rubrics_exercises_and_points(name: str) -> None:
    found = re.findall(r"^# ## Exercise (\S+) · (.+) \((\d+) points\)$", assignment(name).solution_source, re.MULTILINE)
    assert found == [(part.number, part.title, f"{part.points:g}") for part in assignment(name).rubric.parts]


@every_assignment
def test_every_function_says_what_it_takes_and_gives(name: str) -> None:
    body = ast.parse(assignment(name).solution_source).body
    public = [node for node in body if isinstance(node, ast.FunctionDef | ast.ClassDef) and node.name[0] != "_"]
    assert all(ast.get_docstring(node) for node in public)
    assert {node.name for node in public} | {"ANSWERS"} == assignment(name).rubric.functions | GIVEN.get(name, set())


# --- the ladders ---


@every_assignment
def test_ladders_climb_to_full_points_and_every_rung_is_measured(name: str) -> None:
    for ladder in ladders(name):
        bounds, fractions = [rung.bound for rung in ladder.rungs], [rung.fraction for rung in ladder.rungs]
        assert bounds == sorted(bounds, reverse=ladder.lower_is_better)
        assert fractions == sorted(fractions)
        assert fractions[-1] == 1
        measured = [level.rung for level in module(name, "calibration").LEVELS if level.ladder == ladder]
        assert measured == [rung.name for rung in ladder.rungs]


@pytest.mark.parametrize(
    ("name", "row"),
    [
        ("regression", "| {0.name} | {0.bound:g} | {points:g} | {0.technique} |"),
        ("classification", "| {0.name} | {percent:g} % | {points:g} | {0.technique} |"),
        ("cnn", "| {0.name} | {0.bound:g} | {share:g} % |"),
        ("self_attention", "| {0.name} | {0.bound:g} |"),
        ("transformer", "| {0.name} | {0.bound:g} | {share:g} % | {0.technique} |"),
    ],
)
def test_the_handout_states_the_ladders(name: str, row: str) -> None:
    handout = (REFERENCE / name / "handout.md").read_text(encoding="utf-8")
    most = {"regression": 3, "classification": 4}.get(name, 0)
    for ladder in ladders(name):
        for rung in ladder.rungs:
            wanted = row.format(rung, percent=100 * rung.bound, share=100 * rung.fraction, points=most * rung.fraction)
            assert wanted in handout


# --- mistakes and right solutions ---


@every_assignment
def test_there_is_a_mistake_for_every_function(name: str) -> None:
    assert {mutant.of for mutant in assignment(name).mutants} == assignment(name).rubric.functions


@every_assignment
def test_hints_are_sentences_and_tell_the_mistakes_of_a_function_apart(name: str) -> None:
    mutants = assignment(name).mutants
    assert len({mutant.name for mutant in mutants}) == len({(one.of, one.hint) for one in mutants}) == len(mutants)
    assert all(mutant.hint[-1] in ".?" for mutant in mutants)


@pytest.mark.parametrize(("name", "mistake"), LIKELY_MISTAKES)
def test_a_mistake_loses_points_where_it_belongs_and_is_recognised(name: str, mistake: str) -> None:
    verdict = Validator(assignment(name)).mutant(mistake, seed=0)
    assert verdict.lost == (verdict.of,)
    assert verdict.hinted == mistake or mistake in UNRECOGNISED


@pytest.mark.exhaustive
@pytest.mark.parametrize(("name", "mistake"), ALL_MISTAKES)
def test_every_mistake_whatever_the_numbers_drawn(name: str, mistake: str) -> None:
    for seed in range(11 if name == "regression" else 3):
        verdict = Validator(assignment(name)).mutant(mistake, seed)
        assert verdict.lost == (verdict.of,), seed
        assert verdict.hinted in (mistake, ""), seed


@pytest.mark.parametrize(("name", "solution"), QUICK_RIGHT)
def test_a_right_solution_gets_full_marks(name: str, solution: str) -> None:
    seeds = range(3 if name == "regression" else 1)
    assert [failure for seed in seeds for failure in Validator(assignment(name)).right(solution, seed)] == []


@pytest.mark.exhaustive
@pytest.mark.parametrize(("name", "solution"), ALL_RIGHT)
def test_full_marks_whatever_the_numbers_drawn(name: str, solution: str) -> None:
    seeds = range(23 if name == "regression" else 3)
    assert [failure for seed in seeds for failure in Validator(assignment(name)).right(solution, seed)] == []


# --- training ---


def digits(losses: list[float]) -> Callable[..., Any]:
    return lambda x, y, x_new, seed: (torch.zeros(len(x_new)), losses)


def speakers(losses: list[float]) -> Callable[..., Any]:
    return lambda x, mask, y, x_new, mask_new, seed: (torch.zeros(mask_new.shape), losses)


def translations(losses: list[float]) -> Callable[..., Any]:
    return lambda sources, targets, new_sources, source_size, target_size, seed: (
        torch.zeros(len(new_sources), 1),
        losses,
    )


@pytest.mark.parametrize(("losses", "told"), [([], "one loss for each epoch"), ([2.2], "at least two epochs")])
@pytest.mark.parametrize(
    ("name", "check", "function", "train"),
    [
        ("cnn", "reports_its_losses", "train_cnn", digits),
        ("self_attention", "fits_what_it_has_seen", "fit_predict", speakers),
        ("transformer", "decides_the_length", "train_translator", translations),
    ],
)
def test_too_few_losses_are_told_what_is_missing(
    name: str, check: str, function: str, train: Callable[..., Any], losses: list[float], told: str
) -> None:
    result = result_of(name, check, {function: train(losses)})
    assert result.earned == 0
    assert told in result.message
