"""What is particular to the cnn assignment: its bans, its digits, and what is said of moved images."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from autograder.grading.engine import Engine
from autograder.grading.hosts import LocalHost
from autograder.release import released
from autograder.rubric import Draw
from tests.reference.course import REFERENCE, assignment, change_of, module, result_of

FOLDER = REFERENCE / "cnn"
RUBRIC = assignment("cnn").rubric
AIDS, TRAINING = module("cnn", "exercises.aids"), module("cnn", "exercises.training")


# --- the rubric ---


def test_writing_a_convolution_bans_the_librarys_and_training_does_not():
    for exercise in RUBRIC.exercises:
        banned = {"torch.nn.functional.conv2d", "torch.nn.functional.unfold"} & set(exercise.bans)
        assert len(banned) == (2 if exercise.number in ("3.2", "3.3", "3.4") else 0)
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
    one, same, other = (TRAINING.Digits(Draw(seed), learn=300, read=50) for seed in (1, 1, 2))
    assert one.x.shape == (300, 1, 28, 28) and one.x_new.shape == (50, 1, 28, 28)
    assert one.x.dtype == torch.float32 and one.x.min() == 0 and one.x.max() == 1
    assert torch.equal(one.x, same.x) and torch.equal(one.y, same.y)
    assert not torch.equal(one.x, other.x)


def test_digits_to_read_are_where_none_were_in_training():
    apart = TRAINING.Digits(Draw(3), learn=40, read=20, apart=True)
    assert apart.x.shape == (40, 1, 28, 28) and apart.x_new.shape == (20, 1, 28, 28)
    rows = torch.arange(28.0)[:, None]
    middle = [(x * rows).sum() / x.sum() for x in (apart.x, apart.x_new)]
    assert middle[0] + 2 < middle[1]


def test_who_reads_by_place_earns_nothing_for_digits_elsewhere():
    """Nearest neighbours of pixels: as many digits as by chance; nothing is gained by answering wrongly on request."""

    def train_cnn(x, y, x_new, seed):
        return y[torch.cdist(x_new.flatten(1), x.flatten(1)).argmin(dim=1)], [2.0, 1.0]

    assert result_of("cnn", "finds_them_elsewhere", {"train_cnn": train_cnn}).earned == 0


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


def test_a_size_that_is_no_int_costs_its_own_check_only():
    found = assignment("cnn")

    def conv_out_size(size, kernel, stride=1, padding=0):
        return float((size + 2 * padding - kernel) // stride + 1)

    host = LocalHost(lambda: found.solution({"conv_out_size": conv_out_size}))
    asked = [check for check in RUBRIC.checks if check.exercise in ("3.1", "3.2", "3.3", "3.4")]
    results = Engine(found, b"course").run(host, "student", checks=asked, hints=False)
    assert [result.name for result in results if result.earned < result.points] == ["3.1 first_numbers"]


def test_gradients_that_stay_switched_off_after_a_measurement_are_noticed():
    found = assignment("cnn")

    def evaluate(state, x, labels, batch_size):
        torch.set_grad_enabled(False)
        logits = tiny_cnn(state, x, training=False)  # noqa: F821
        return float(F.cross_entropy(logits, labels)), float((logits.argmax(dim=1) == labels).double().mean())  # noqa: F821

    (check,) = (one for one in RUBRIC.checks if one.name == "3.8 without_gradients")
    try:
        host = LocalHost(lambda: found.solution({"evaluate": evaluate}))
        (result,) = Engine(found, b"course").run(host, "student", checks=[check], hints=False)
    finally:
        torch.set_grad_enabled(True)
    assert result.earned == 0
    assert "still switched off" in result.message


# --- chance ---


def test_fair_draws_are_far_from_failing():
    for seed in range(20):
        fair = torch.Generator().manual_seed(seed)
        pattern = ((torch.rand(60, 50, generator=fair) < 0.3).double() - 0.3) / 0.21**0.5
        assert AIDS.unrelated(pattern)
        assert AIDS.equally_likely(torch.randint(-5, 6, (2400,), generator=fair))


def test_patterns_that_return_and_numbers_that_are_frequent_are_found():
    fair = torch.Generator().manual_seed(1)
    half = ((torch.rand(30, 50, generator=fair) < 0.3).double() - 0.3) / 0.21**0.5
    for pattern in (torch.cat([half, half]), torch.cat([half, half.flip(0, 1)]), torch.cat([half, half.roll(7, 1)])):
        assert not AIDS.unrelated(pattern)
    assert not AIDS.unrelated(half, half.roll(3, 0))
    assert not AIDS.equally_likely((torch.randn(2400, generator=fair) * 5).round().clamp(-5, 5))
