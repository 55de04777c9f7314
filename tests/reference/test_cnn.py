"""What is particular to the cnn assignment: its bans, its digits, and what is said of moved images."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from autograder.release import released
from autograder.rubric import Draw
from tests.reference.course import REFERENCE, assignment, change_of, module, result_of

FOLDER = REFERENCE / "cnn"
RUBRIC = assignment("cnn").rubric
CHECKS = module("cnn", "checks")


# --- the rubric ---


def test_writing_a_convolution_bans_the_librarys_and_training_does_not():
    for exercise in RUBRIC.exercises:
        banned = {"torch.nn.functional.conv2d", "torch.nn.Conv2d", "torch.nn.functional.unfold"} & set(exercise.bans)
        assert len(banned) == (3 if exercise.number in ("3.2", "3.3") else exercise.number == "3.4")
    assert RUBRIC.owner("train_cnn").bans == ()


# --- the solution ---


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


# --- mistakes and right solutions ---


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
    result = result_of("cnn", "moved_images", change_of("cnn", name))
    assert (result.earned, result.mutant) == (earned, name)
    assert told in result.message


def test_the_logarithm_of_a_softmax_fails_where_a_row_has_large_and_small_logits():
    change = change_of("cnn", "log_of_softmax")
    assert result_of("cnn", "soft_targets", change).earned == 1
    result = result_of("cnn", "large_logits", change)
    assert (result.earned, result.mutant) == (0, "log_of_softmax")
    assert "NaN or infinity" in result.message
