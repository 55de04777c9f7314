"""6.10 How far apart?."""

from __future__ import annotations

import torch

from autograder.rubric import (
    Draw,
    Exercise,
    Reference,
    Student,
    compare,
    matches,
)

from .common import covariance

exercise = Exercise("6.10", "How far apart?", owns=("frechet_distance",), points=5)


@exercise.check("frechet_distance", 1, public=True)
def shifted(student: Student, reference: Reference, draw: Draw) -> None:
    """The distance between N(0, 1) and N(3, 1), in one dimension, is 9."""
    zero, three, one = (torch.tensor(value, dtype=draw.dtype) for value in ([0.0], [3.0], [[1.0]]))
    matches(student, reference, "frechet_distance", zero, one, three, one)


@exercise.check("frechet_distance", 2)
def frechet(student: Student, reference: Reference, draw: Draw) -> None:
    """frechet_distance is the distance of two Gaussians whose covariances do not commute."""
    for size in (2, 3, 6):
        one, other = draw.normal(size).double(), draw.normal(size).double()
        problem = (one, covariance(draw, size), other, 2 * covariance(draw, size))
        compare(student.frechet_distance(*problem), reference.frechet_distance(*problem), "the distance", atol=1e-7)


@exercise.check("frechet_distance", 2)
def frechet_of_few(student: Student, reference: Reference, draw: Draw) -> None:
    """frechet_distance copes with singular covariances; the same Gaussian twice is at distance 0."""
    for size, rank in ((4, 2), (7, 3)):
        one, other = draw.normal(size).double(), draw.normal(size).double()
        first, second = covariance(draw, size, rank), covariance(draw, size, rank)
        expected = reference.frechet_distance(one, first, other, second)
        compare(student.frechet_distance(one, first, other, second), expected, "the distance", atol=1e-5)
        compare(student.frechet_distance(one, first, one, first), 0.0, "the distance to itself", atol=1e-5)


# --- mistakes ---


@exercise.mistake("frechet_distance", "The means do not count: how far apart are they?")
def no_means(mean_1, covariance_1, mean_2, covariance_2):
    root = matrix_root(covariance_1)  # noqa: F821
    return (covariance_1 + covariance_2 - 2 * matrix_root(root @ covariance_2 @ root)).trace()  # noqa: F821


@exercise.mistake("frechet_distance", "The distance of the means is not squared.")
def means_not_squared(mean_1, covariance_1, mean_2, covariance_2):
    root = matrix_root(covariance_1)  # noqa: F821
    mixed = matrix_root(root @ covariance_2 @ root)  # noqa: F821
    return (mean_1 - mean_2).norm() + (covariance_1 + covariance_2 - 2 * mixed).trace()


@exercise.mistake("frechet_distance", "The root of a product is not the product of the roots, unless the two commute.")
def product_of_roots(mean_1, covariance_1, mean_2, covariance_2):
    mixed = matrix_root(covariance_1) @ matrix_root(covariance_2)  # noqa: F821
    return (mean_1 - mean_2).square().sum() + (covariance_1 + covariance_2 - 2 * mixed).trace()


@exercise.mistake("frechet_distance", "Look at the factor of the mixed term.")
def mixed_once(mean_1, covariance_1, mean_2, covariance_2):
    root = matrix_root(covariance_1)  # noqa: F821
    mixed = matrix_root(root @ covariance_2 @ root)  # noqa: F821
    return (mean_1 - mean_2).square().sum() + (covariance_1 + covariance_2 - mixed).trace()


@exercise.mistake("frechet_distance", "This is the root of the distance that is asked for.")
def rooted(mean_1, covariance_1, mean_2, covariance_2):
    root = matrix_root(covariance_1)  # noqa: F821
    mixed = matrix_root(root @ covariance_2 @ root)  # noqa: F821
    squared = (mean_1 - mean_2).square().sum() + (covariance_1 + covariance_2 - 2 * mixed).trace()
    return squared.clamp(min=0).sqrt()


@exercise.mistake("frechet_distance", "Only the variances are compared: two covariances may differ elsewhere.")
def diagonals(mean_1, covariance_1, mean_2, covariance_2):
    one, other = covariance_1.diagonal(), covariance_2.diagonal()
    return (mean_1 - mean_2).square().sum() + (one.sqrt() - other.sqrt()).square().sum()
