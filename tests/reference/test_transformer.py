"""The transformer assignment: its rubric, its data, and the solution's full marks."""

from __future__ import annotations

import csv
import importlib
import re
from pathlib import Path

import pytest
import torch

from autograder.grading.engine import Engine
from autograder.grading.hosts import LocalHost
from autograder.grading.validate import Validator
from autograder.rubric import Draw
from autograder.rubric.assignment import load

FOLDER = Path(__file__).parents[2] / "reference" / "transformer"
ASSIGNMENT = load(FOLDER)
RUBRIC = ASSIGNMENT.rubric
NEVER_HINTED = {"empty_divides"}
"""It raises, so that there is no answer to recognise."""

MUTANTS = [mutant.name for mutant in ASSIGNMENT.mutants if not ASSIGNMENT.owner(mutant).trains]


def _module(name):
    return importlib.import_module(f"{ASSIGNMENT.package.__name__}.{name}")


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
        ("5.1", 8), ("5.2", 10), ("5.3", 14), ("5.4", 12), ("5.5", 12), ("5.6", 5),
        ("5.7", 5), ("5.8", 5), ("5.9", 12), ("5.10", 5), ("5.11", 12),
    ]  # fmt: skip
    assert RUBRIC.points == 100


def test_every_exercise_but_training_starts_with_a_public_case():
    for exercise in RUBRIC.exercises:
        assert exercise.checks[0].public or exercise.trains, exercise.number
        assert not any(check.public for check in exercise.checks[1:]), exercise.number


def test_headings_name_the_rubrics_exercises_and_points():
    found = re.findall(r"^# ## Exercise (\S+) · (.+) \((\d+) points\)$", ASSIGNMENT.solution_source, re.MULTILINE)
    assert found == [(exercise.number, exercise.title, f"{exercise.points:g}") for exercise in RUBRIC.exercises]


def test_ladders_climb():
    checks = _module("checks")
    for ladder in (checks.LADDER, checks.LENGTHS):
        for values in ([rung.bound for rung in ladder.rungs], [rung.fraction for rung in ladder.rungs]):
            assert values == sorted(values)
        assert ladder.rungs[-1].fraction == 1


def test_the_handout_states_both_ladders():
    handout = (FOLDER / "handout.md").read_text(encoding="utf-8")
    checks = _module("checks")
    for rung in (*checks.LADDER.rungs, *checks.LENGTHS.rungs):
        assert f"| {rung.name} | {rung.bound:g} | {100 * rung.fraction:g} % | {rung.technique} |" in handout


def test_there_is_a_mistake_for_every_function():
    assert {mutant.of for mutant in ASSIGNMENT.mutants} == {name for one in RUBRIC.exercises for name in one.owns}
    names = [mutant.name for mutant in ASSIGNMENT.mutants]
    assert len(set(names)) == len(names)
    hints = [(mutant.of, mutant.hint) for mutant in ASSIGNMENT.mutants]
    assert len(set(hints)) == len(hints)
    assert all(hint[-1] in ".?" for _, hint in hints)


# --- the data ---


@pytest.mark.parametrize(
    ("number", "english", "chinese"),
    [
        (0, "zero", "零"),
        (13, "thirteen", "十三"),
        (105, "one hundred five", "一百零五"),
        (1010, "one thousand ten", "一千零一十"),
        (110000, "one hundred ten thousand", "十一万"),
        (21045, "twenty one thousand forty five", "二万一千零四十五"),
        (300007, "three hundred thousand seven", "三十万零七"),
        (999999, "nine hundred ninety nine thousand nine hundred ninety nine", "九十九万九千九百九十九"),
    ],
)
def test_numbers_in_words(number, english, chinese):
    words = _module("words")
    assert " ".join(words.english(number)) == english
    assert "".join(words.chinese(number)) == chinese


def test_no_two_numbers_read_alike():
    words = _module("words")
    for spell in (words.english, words.chinese):
        assert len({" ".join(spell(number)) for number in range(0, 1_000_000, 97)}) == len(range(0, 1_000_000, 97))


def test_the_public_pairs_are_made_by_the_script():
    words = _module("words")
    with words.PUBLIC.open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    assert len({row["number"] for row in rows}) == len(rows) == 4500
    for row in rows[::50]:
        assert row["english"].split() == words.english(int(row["number"]))
        assert row["chinese"].split() == words.chinese(int(row["number"]))


def test_a_task_hides_its_unseen_numbers_and_renames_its_tokens():
    task = _module("task")
    one, other = task.english(Draw(1)), task.english(Draw(2))
    for made in (one, other):
        assert made.sources.shape[0] == made.targets.shape[0] == 4500
        assert made.sources.max() < made.sizes[0]
        assert set(made.targets.unique().tolist()) <= {0, *range(3, 13)}
        pairs = {tuple(row) for row in made.wanted}
        assert len(pairs) == 4500
    assert one.wanted != other.wanted
    assert one.exact(one.wanted[4000:]) == one.lengths(one.wanted[4000:]) == 1
    assert one.exact([[0]] * 500) == 0


def test_a_translation_may_come_with_or_without_its_ends():
    content = _module("task").content
    assert content([1, 5, 6, 2, 0, 0]) == content([5, 6]) == content([5, 6, 0]) == content([5, 6, 2, 9]) == [5, 6]


# --- solutions ---


@pytest.mark.parametrize("name", ["reference", *(equivalent.name for equivalent in ASSIGNMENT.equivalents)])
def test_a_right_solution_gets_full_marks(name):
    assert Validator(ASSIGNMENT).right(name, seed=0) == []


@pytest.mark.exhaustive
@pytest.mark.parametrize("name", MUTANTS)
def test_a_mistake_loses_points_where_it_belongs_and_nowhere_else(name):
    verdict = Validator(ASSIGNMENT).mutant(name, seed=0)
    assert verdict.lost == (verdict.owner,)
    assert verdict.hinted == name or name in NEVER_HINTED


def result_of(name, change):
    """What a check says when parts of the solution are replaced."""
    check = next(one for one in RUBRIC.checks if one.run.__name__ == name)
    return Engine(ASSIGNMENT, b"a secret").run_check(LocalHost(lambda: ASSIGNMENT.solution(change)), check, name)


def change_of(mutant):
    found = next(one for one in ASSIGNMENT.mutants if one.name == mutant)
    return {found.of: found.change}


@pytest.mark.parametrize(
    ("mutant", "check"),
    [
        ("memory_mask_inverted", "decodes"),
        ("per_tensor_sum", "clips"),
        ("per_tensor_norms", "clips"),
        ("per_tensor_last", "clips"),
        ("largest_norm", "clips"),
        ("score_by_length", "beam_scores"),
        ("score_by_length_with_bos", "beam_scores"),
        ("mean_throughout", "beam_of_two"),
    ],
)
def test_a_likely_mistake_has_its_hint(mutant, check):
    result = result_of(check, change_of(mutant))
    assert (result.earned, result.mutant) == (0, mutant)


@pytest.mark.parametrize("mutant", ["score_by_length", "score_by_length_with_bos", "beam_probability"])
def test_right_sequences_with_a_wrong_score_lose_the_scores_points_only(mutant):
    for check in ("narrow_beam", "beam_of_two", "wide_beam"):
        assert result_of(check, change_of(mutant)).outcome == "passed"
    assert result_of("beam_scores", change_of(mutant)).earned == 0


@pytest.mark.parametrize("mutant", ["only_greedy", "stops_at_first", "beam_keeps_bos"])
def test_a_wrong_sequence_with_its_own_score_keeps_the_scores_points(mutant):
    assert result_of("beam_of_two", change_of(mutant)).earned == 0
    assert result_of("beam_scores", change_of(mutant)).outcome == "passed"


@pytest.mark.parametrize("mutant", ["sum_of_norms", "per_tensor", "per_tensor_sum", "norm_after", "squared_norm"])
def test_gradients_left_alone_are_left_alone_whatever_the_norm_says(mutant):
    assert result_of("leaves_alone", change_of(mutant)).outcome == "passed"
    assert result_of("clips", change_of(mutant)).earned == 0


@pytest.mark.parametrize("mutant", ["sum_of_costs", "per_seq", "divides_by_all", "divides_by_rows"])
def test_large_logits_ask_for_stability_and_nothing_else(mutant):
    assert result_of("mean_of_real_labels", change_of(mutant)).earned == 0
    assert result_of("large_logits", change_of(mutant)).outcome == "passed"


@pytest.mark.parametrize("mutant", ["overflows", "log_of_softmax", "log_clamped"])
def test_large_logits_find_what_overflows_or_is_cut_off(mutant):
    result = result_of("large_logits", change_of(mutant))
    assert (result.earned, result.mutant) == (0, mutant)


@pytest.mark.parametrize(("losses", "told"), [([], "one loss for each epoch"), ([2.2], "at least two epochs")])
def test_too_few_losses_are_told_what_is_missing(losses, told):
    def translate(sources, targets, new_sources, source_size, target_size, seed):
        return torch.zeros(len(new_sources), 1), losses

    result = result_of("decides_the_length", {"train_translator": translate})
    assert result.earned == 0
    assert told in result.message
