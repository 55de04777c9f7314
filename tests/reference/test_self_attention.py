"""The self-attention assignment: its rubric, its data, and that right solutions get full marks."""

from __future__ import annotations

import importlib
import re
from pathlib import Path

import numpy as np
import pytest
import torch

from autograder.grading.engine import Engine
from autograder.grading.hosts import LocalHost
from autograder.grading.validate import Validator
from autograder.rubric import Draw
from autograder.rubric.assignment import load

ROOT = Path(__file__).parents[2]
FOLDER = ROOT / "reference" / "self_attention"
ASSIGNMENT = load(FOLDER)
RUBRIC = ASSIGNMENT.rubric
checks = importlib.import_module(f"{ASSIGNMENT.package.__name__}.checks")
conversations = importlib.import_module(f"{ASSIGNMENT.package.__name__}.conversations")
calibration = importlib.import_module(f"{ASSIGNMENT.package.__name__}.calibration")

TRAINED = RUBRIC.owner("fit_predict").owns


@pytest.fixture(autouse=True, scope="module")
def one_thread():
    """Other work keeps its cores, and figures do not depend on how many there are."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.fixture(scope="module")
def talks():
    """One draw of the training exercise's conversations."""
    return checks.Talks(Draw(3), 1, 1)


# --- the rubric ---


def test_the_points_are_the_courses():
    assert [(exercise.number, exercise.points) for exercise in RUBRIC.exercises] == [
        ("4.1", 14), ("4.2", 12), ("4.3", 18), ("4.4", 14), ("4.5", 10),
        ("4.6", 6), ("4.7", 12), ("4.8", 8), ("4.9", 6),
    ]  # fmt: skip
    assert RUBRIC.points == 100


def test_every_exercise_but_training_starts_with_a_public_case():
    for exercise in RUBRIC.exercises:
        assert [check.public for check in exercise.checks[1:]] == [False] * (len(exercise.checks) - 1)
        assert exercise.checks[0].public or exercise.trains


def test_attention_and_softmax_are_written_by_hand():
    for exercise in RUBRIC.exercises:
        banned = "torch.nn.functional.scaled_dot_product_attention" in exercise.bans
        assert banned == (exercise.number not in ("4.2", "4.9"))
    assert "torch.softmax" in RUBRIC.owner("softmax").bans
    assert "torch.autograd.grad" in RUBRIC.owner("attention_backward").bans


def test_every_banned_name_exists():
    for exercise in RUBRIC.exercises:
        for name in exercise.bans:
            found = torch
            for part in name.split(".")[1:]:
                found = getattr(found, part)
            assert callable(found)


def test_headings_name_the_rubrics_exercises_and_points():
    found = re.findall(r"^# ## Exercise (\S+) · (.+) \((\d+) points\)$", ASSIGNMENT.solution_source, re.MULTILINE)
    assert found == [(exercise.number, exercise.title, f"{exercise.points:g}") for exercise in RUBRIC.exercises]


def test_the_handout_states_the_ladder():
    rows = re.findall(r"^\| (\w+) \| (0\.\d+) \|", (FOLDER / "handout.md").read_text(encoding="utf-8"), re.MULTILINE)
    assert rows == [(rung.name, f"{rung.bound:.3f}".rstrip("0")) for rung in checks.LADDER.rungs]
    assert [level.rung for level in calibration.LEVELS] == [rung.name for rung in checks.LADDER.rungs]


def test_there_is_a_mistake_for_every_function():
    assert {mutant.of for mutant in ASSIGNMENT.mutants} == {name for one in RUBRIC.exercises for name in one.owns}
    hints = [(mutant.of, mutant.hint) for mutant in ASSIGNMENT.mutants]
    assert len(set(hints)) == len(hints)
    assert all(hint[-1] in ".?" for _, hint in hints)


# --- the data ---


def test_the_utterances_are_the_published_ones():
    train, test = (conversations.utterances(part) for part in ("train", "test"))
    assert (len(train.frames), len(test.frames)) == (270, 370)
    assert np.bincount(train.speakers).tolist() == [30] * 9
    assert np.bincount(test.speakers).tolist() == [31, 35, 88, 44, 29, 24, 40, 50, 29]
    assert all(7 <= len(frames) <= 29 and frames.shape[1] == 12 for frames in train.frames + test.frames)


def test_a_conversation_joins_three_speakers_in_short_turns(talks):
    for y, mask in zip(talks.train.y, talks.train.mask, strict=True):
        speakers = y[mask].tolist()
        assert len(set(speakers)) == conversations.TALKING
        assert bool((y[~mask] == -1).all())
    assert not talks.train.x[~talks.train.mask].any()


def test_speakers_are_numbered_afresh_by_draw(talks):
    other = checks.Talks(Draw(4), 1, 1)
    counts = [torch.bincount(one.unseen.y[one.unseen.mask], minlength=9).tolist() for one in (talks, other)]
    assert counts[0] != counts[1]


def test_practice_conversations_hold_no_test_utterance():
    with np.load(FOLDER / "public" / "conversations.npz") as data:
        assert set(data) == {f"{name}_{part}" for name in ("x", "mask", "y") for part in ("train", "valid")}
        for part in ("train", "valid"):
            x, mask, y = (data[f"{name}_{part}"] for name in ("x", "mask", "y"))
            assert x.shape[:2] == mask.shape == y.shape
            assert ((y >= 0) == mask).all()


# --- right and wrong solutions ---


def test_the_reference_gets_full_marks():
    assert Validator(ASSIGNMENT).right("reference", seed=0) == []


@pytest.mark.parametrize("name", ["signed_mean", "w_transposed", "states_with_w_transposed", "rows_throughout"])
def test_a_likely_mistake_has_its_hint(name):
    verdict = Validator(ASSIGNMENT).mutant(name, seed=0)
    assert (verdict.lost, verdict.hinted) == ((verdict.owner,), name)


@pytest.mark.parametrize(("losses", "told"), [([], "one loss for each epoch"), ([2.2], "at least two epochs")])
def test_too_few_losses_are_told_what_is_missing(losses, told):
    check = next(one for one in RUBRIC.checks if one.run.__name__ == "fits_what_it_has_seen")
    change = {"fit_predict": lambda x, mask, y, x_new, mask_new, seed: (torch.zeros(mask_new.shape), losses)}
    result = Engine(ASSIGNMENT, b"losses").run_check(LocalHost(lambda: ASSIGNMENT.solution(change)), check, "losses")
    assert result.earned == 0
    assert told in result.message


@pytest.mark.exhaustive
@pytest.mark.parametrize("name", [equivalent.name for equivalent in ASSIGNMENT.equivalents])
def test_a_right_solution_gets_full_marks(name):
    assert Validator(ASSIGNMENT).right(name, seed=0) == []


@pytest.mark.exhaustive
@pytest.mark.parametrize("name", [mutant.name for mutant in ASSIGNMENT.mutants if mutant.of not in TRAINED])
def test_a_mistake_loses_points_where_it_belongs_and_nowhere_else(name):
    verdict = Validator(ASSIGNMENT).mutant(name, seed=0)
    assert verdict.lost == (verdict.owner,)
    assert verdict.hinted in (name, "")
