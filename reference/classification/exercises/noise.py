"""2.11 Small batches are noisy."""

from __future__ import annotations

import math

import msgspec
import torch

from autograder.rubric import (
    Draw,
    Exercise,
    Reference,
    Student,
    compare,
    expect,
    matches,
    tensor_of,
)

from .common import constant

exercise = Exercise("2.11", "Small batches are noisy", owns=("noisy_gradients", "noise_variance"), points=4)


@exercise.check("noisy_gradients", 0.5, public=True)
def three_examples(student: Student, reference: Reference, draw: Draw) -> None:
    """Gradients [[1], [2], [6]]: a batch of all 3 has gradient 3."""
    (per_example,) = constant(draw, [[1.0], [2.0], [6.0]])
    got = tensor_of(student.noisy_gradients(per_example, 3, 4, draw.generator()), (4, 1), "`noisy_gradients`")
    compare(got.to(draw.dtype), torch.full((4, 1), 3.0, dtype=draw.dtype), "`noisy_gradients` of the whole data")


@exercise.cases("noise_variance", 0.5, sizes=(3, 1), public=True)
def variance_of_three(draw: Draw, batch_size: int) -> tuple[torch.Tensor, int]:
    """Gradients [[1], [2], [6]]: a batch of all 3 has variance 0, a batch of 1 has 14 / 3."""
    (per_example,) = constant(draw, [[1.0], [2.0], [6.0]])
    return per_example, batch_size


@exercise.check("noisy_gradients", 1.5)
def right_on_average(student: Student, reference: Reference, draw: Draw) -> None:
    """Over 300 batches, noisy_gradients are right on average and spread as the formula says; each is drawn anew."""
    n, size, count = 24, 4, 300
    per_example = draw.normal(n, size) + draw.normal(size, scale=3)
    for batch_size in (3, 18):
        got = student.noisy_gradients(per_example, batch_size, count, draw.generator())
        sample = tensor_of(got, (count, size), "`noisy_gradients`")
        truth, spread = per_example.double().mean(0), reference.noise_variance(per_example, batch_size).double()
        error = (sample.mean(0) - truth).abs() / (spread / count).sqrt()
        expect(
            error.max() <= 7, f"batches of {batch_size}: the mean of the gradients is not the whole data's gradient."
        )
        ratio = float((sample.var(dim=0) / spread).mean())
        expect(
            0.7 < ratio < 1.3,
            f"batches of {batch_size}: the gradients have {ratio:.3g} times the variance they should have.",
        )
    each_batch_anew(student, draw)


def each_batch_anew(student: Student, draw: Draw) -> None:
    """Batches are drawn from the generator, each anew. Where gradient i is 1 at place i and 0 elsewhere, a mean shows
    its batch. Each bound is 7 standard deviations or more from what is right: together they fail right work with a
    chance below 1e-9."""
    n, size, count = 60, 20, 300
    one_hot, generator = torch.eye(n, dtype=draw.dtype), draw.generator()
    twin = msgspec.structs.replace(generator, key=-generator.key)
    got = [student.noisy_gradients(one_hot, size, count, one) for one in (generator, twin, generator, draw.generator())]
    drawn, again, *others = (tensor_of(one, (count, n), "`noisy_gradients`").double() for one in got)
    expect(torch.equal(drawn, again), "noisy_gradients: an equal generator gives other batches; draw from it alone.")
    new = all(not torch.equal(drawn, other) for other in others)
    expect(new, "noisy_gradients: the next call, or another generator, gives the same batches: who draws?")
    batches = (drawn * size).round()
    exact = bool(((batches == 0) | (batches == 1)).all()) and bool((batches.sum(dim=1) == size).all())
    expect(exact, f"noisy_gradients: a batch is the mean of {size} different examples, each counted once.")
    share = batches.sum(dim=0) / count  # binomial, standard deviation 0.0272
    expect(bool(((share - 1 / 3).abs() <= 0.21).all()), "noisy_gradients: not every example is drawn equally often.")
    beside = (batches * batches.roll(1, dims=1)).sum(dim=1).mean()  # mean 6.44, standard deviation below 0.15
    expect(abs(float(beside) - 6.44) <= 1.1, "noisy_gradients: neighbouring examples share a batch too often.")
    shared = batches @ batches.T  # hypergeometric, mean 6.67, standard deviation 1.74
    for lag in range(1, 151):
        mean = float(shared.diagonal(lag).mean())
        bound = 7.5 * 1.74 / math.sqrt(count - lag)
        expect(abs(mean - 20 / 3) <= bound, f"noisy_gradients: a batch depends on the one {lag} before it: draw anew.")


@exercise.check("noise_variance", 1.5)
def formula(student: Student, reference: Reference, draw: Draw) -> None:
    """noise_variance is the exact variance, also of gradients far from 0, and 0 for the whole data."""
    for n, size, batch_size in ((5, 2, 2), (12, 4, 3), (30, 3, 29), (7, 2, 7), (2, 3, 1)):
        matches(
            student, reference, "noise_variance", draw.normal(n, size) * draw.uniform(size, low=1, high=3), batch_size
        )
    matches(student, reference, "noise_variance", draw.normal(9, 2) + 300, 4)


# --- mistakes ---


def some_batches(n, batch_size, count, generator):
    return [torch.randperm(n, generator=generator)[:batch_size] for _ in range(count)]


@exercise.mistake("noisy_gradients", "A batch's gradient is the mean of its examples' gradients: yours is the sum.")
def batch_sum(per_example, batch_size, count, generator):
    batches = some_batches(len(per_example), batch_size, count, generator)
    return torch.stack([per_example[batch].sum(dim=0) for batch in batches])


@exercise.mistake(
    "noisy_gradients", "The same example can come twice in one batch: even the whole data would be noisy then."
)
def with_replacement(per_example, batch_size, count, generator):
    rows = torch.randint(len(per_example), (count, batch_size), generator=generator)
    return per_example[rows].mean(dim=1)


@exercise.mistake("noisy_gradients", "One batch, many times: draw each anew.")
def same_batch(per_example, batch_size, count, generator):
    batch = torch.randperm(len(per_example), generator=generator)[:batch_size]
    return per_example[batch].mean(dim=0).expand(count, -1)


@exercise.mistake("noisy_gradients", "The first examples are always in the batch: who draws?")
def first_rows(per_example, batch_size, count, generator):
    return per_example[:batch_size].mean(dim=0).expand(count, -1)


@exercise.mistake("noisy_gradients", "You divide by the number of all examples; a batch has fewer.")
def divides_by_n(per_example, batch_size, count, generator):
    batches = some_batches(len(per_example), batch_size, count, generator)
    return torch.stack([per_example[batch].sum(dim=0) / len(per_example) for batch in batches])


@exercise.mistake("noise_variance", "Drawn without replacement, the whole data has no noise at all: has yours?")
def as_with_replacement(per_example, batch_size):
    return per_example.var(dim=0, unbiased=False) / batch_size


@exercise.mistake("noise_variance", "s^2 is divided by N here, not by N - 1.")
def sample_variance(per_example, batch_size):
    n = len(per_example)
    return per_example.var(dim=0) / batch_size * (n - batch_size) / (n - 1)


@exercise.mistake("noise_variance", "That is the standard deviation.")
def noise_deviation(per_example, batch_size):
    n = len(per_example)
    return (per_example.var(dim=0, unbiased=False) / batch_size * (n - batch_size) / (n - 1)).sqrt()


@exercise.mistake(
    "noise_variance", "Four times the batch, a quarter of the variance: which power of B do you divide by?"
)
def falls_too_slowly(per_example, batch_size):
    n = len(per_example)
    return per_example.var(dim=0, unbiased=False) / math.sqrt(batch_size) * (n - batch_size) / (n - 1)


def _mean_of(per_example, batches):
    return torch.stack([per_example[batch].mean(dim=0) for batch in batches])


@exercise.mistake(
    "noisy_gradients", "Your batches are neighbouring rows: every batch of examples should be equally likely."
)
def neighbouring_rows(per_example, batch_size, count, generator):
    n = len(per_example)
    starts = [torch.randint(n, (1,), generator=generator) for _ in range(count)]
    return _mean_of(per_example, [(torch.arange(batch_size) + start) % n for start in starts])


@exercise.mistake("noisy_gradients", "Your batches share out one epoch after the other: draw each from all examples.")
def epochs_of_batches(per_example, batch_size, count, generator):
    n, batches = len(per_example), []
    while len(batches) < count:
        batches += torch.randperm(n, generator=generator)[: n // batch_size * batch_size].split(batch_size)
    return _mean_of(per_example, batches[:count])


@exercise.mistake("noisy_gradients", "The second half of your batches repeats the first: draw each anew.")
def twice_the_same(per_example, batch_size, count, generator):
    n = len(per_example)
    half = [torch.randperm(n, generator=generator)[:batch_size] for _ in range(math.ceil(count / 2))]
    return _mean_of(per_example, (half + half)[:count])


@exercise.mistake(
    "noise_variance", "The mean of the squares minus the squared mean loses its digits far from 0: centre first."
)
def variance_cancels(per_example, batch_size):
    n = len(per_example)
    spread = per_example.square().mean(dim=0) - per_example.mean(dim=0).square()
    return spread / batch_size * (n - batch_size) / (n - 1)
