"""What is particular to the GAN assignment: its training, its data and its judge."""

from __future__ import annotations

import pytest
import torch

from autograder.rubric import Draw, MismatchError
from tests.reference.course import assignment, change_of, module, results_of

training = module("gan", "exercises.training")
judge = training.judge


def by_heart(images):
    """A generator that makes nothing but training images: the mutant's."""
    return assignment("gan").solution(change_of("gan", "by_heart"))["train_gan"](images, 0)[0]


# --- the rubric ---


def test_g_against_the_old_d_costs_about_half_of_the_exercise():
    results = results_of("gan", "6.4", change_of("gan", "against_old_d"))
    assert sum(result.earned for result in results) == 6


def test_a_lost_graph_costs_the_penalty_and_not_its_gradients():
    results = results_of("gan", "6.8", change_of("gan", "graph_lost"))
    lost = [result for result in results if result.outcome != "passed"]
    assert [result.name for result in lost] == ["6.8 penalty_value"]
    assert "no gradient comes through it" in lost[0].message


def test_a_gradient_of_none_is_told_what_to_be():
    def by_grad(d, real, fake, alpha):
        leaves = [parameter.detach().clone().requires_grad_() for parameter in d]
        gradient_penalty(leaves, real, fake, alpha).backward()  # noqa: F821
        return [leaf.grad for leaf in leaves]

    results = results_of("gan", "6.8", {"penalty_gradients": by_grad})
    messages = [result.message for result in results if result.outcome != "passed"]
    assert messages
    assert all("return zeros where the penalty does not depend on it" in message for message in messages)


def linear(images):
    """The mean and the covariance of the images, as a map of noise."""
    values, vectors = torch.linalg.eigh(torch.cov(images.T))
    return vectors * values.clamp(min=0).sqrt(), images.mean(dim=0)


def in_disguise(images):
    """The same with a hidden layer: silu(x) - silu(-x) = x."""
    W, b = linear(images)
    both = torch.eye(len(W), dtype=W.dtype)
    return torch.cat([both, -both]), torch.zeros(2 * len(W), dtype=W.dtype), torch.cat([W, -W], dim=1), b


@pytest.mark.parametrize("without_training", [linear, in_disguise])
def test_a_linear_map_of_the_noise_earns_nothing(without_training):
    def train_gan(images, seed):
        return [*without_training(images)], [1.4, 1.3], [0.7, 0.8]

    results = results_of("gan", "6.13", {"train_gan": train_gan})
    assert [result.earned for result in results] == [0, 0]
    assert all("linear map of the noise" in result.message for result in results)


def test_blends_of_digits_earn_the_medium_rung_at_most():
    score = training.limited(training.LADDER.score(1.0), training.BLENDS)
    assert score.fraction == training.LADDER.rungs[1].fraction
    assert "look like blends" in score.message
    assert training.limited(training.LADDER.score(1.0), training.DIGITS).fraction == 1


def test_one_epoch_is_a_training_that_scores_low():
    def one_epoch(images, seed):
        torch.manual_seed(seed)
        return [torch.randn(16, 8), torch.zeros(16), torch.randn(64, 16), torch.zeros(64)], [1.0], [1.0]

    result = results_of("gan", "6.13", {"train_gan": one_epoch})[0]
    assert result.message.startswith("Fréchet distance")
    assert result.curve.losses == (1.0,)


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
    assert task.distance(images) > training.LADDER.rungs[2].bound
    assert task.distance(noise) > training.LADDER.rungs[1].bound


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
