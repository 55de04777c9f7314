"""6.9 A set of images as a Gaussian."""

from __future__ import annotations

import torch

from autograder.rubric import (
    Draw,
    Exercise,
    Reference,
    Student,
    compare,
    matches,
    tensor_of,
)

from .common import covariance

exercise = Exercise("6.9", "A set of images as a Gaussian", owns=("mean_and_covariance", "matrix_root"), points=8)


@exercise.check("matrix_root", 1, public=True)
def diagonal(student: Student, reference: Reference, draw: Draw) -> None:
    """matrix_root([[4, 0], [0, 9]]) is [[2, 0], [0, 3]]."""
    matches(student, reference, "matrix_root", torch.tensor([[4.0, 0.0], [0.0, 9.0]], dtype=draw.dtype))


@exercise.check("mean_and_covariance", 2)
def moments(student: Student, reference: Reference, draw: Draw) -> None:
    """mean_and_covariance gives the mean of each column, and the covariance with N - 1."""
    for rows, columns in ((3, 2), (4, 5), (12, 3), (5, 1)):
        matches(student, reference, "mean_and_covariance", draw.normal(rows, columns, scale=2) + draw.normal(columns))


@exercise.check("matrix_root", 3)
def root(student: Student, reference: Reference, draw: Draw) -> None:
    """matrix_root(a) is symmetric, has no negative eigenvalue, and times itself it is a."""
    for size in (2, 3, 6):
        a = covariance(draw, size)
        found = tensor_of(student.matrix_root(a), (size, size), "matrix_root")
        compare(found @ found, a, "matrix_root(a) @ matrix_root(a)", atol=1e-7)
        compare(found, reference.matrix_root(a), "matrix_root(a)", atol=1e-7)


@exercise.check("matrix_root", 2)
def singular_root(student: Student, reference: Reference, draw: Draw) -> None:
    """matrix_root of a singular matrix has no NaN: eigenvalues that rounding made negative count as 0."""
    for size, rank in ((3, 1), (5, 2), (8, 3)):
        a = covariance(draw, size, rank)
        compare(student.matrix_root(a), reference.matrix_root(a), "matrix_root of a singular matrix", atol=1e-6)
    nothing = torch.zeros(3, 3, dtype=torch.float64)
    compare(student.matrix_root(nothing), nothing, "matrix_root of zeros", atol=1e-6)


# --- mistakes ---


@exercise.mistake("mean_and_covariance", "The covariance is divided by N; what is asked for?")
def population(features):
    mean = features.mean(dim=0)
    return mean, (features - mean).T @ (features - mean) / len(features)


@exercise.mistake("mean_and_covariance", "The mean is not taken off before the products.")
def second_moment(features):
    return features.mean(dim=0), features.T @ features / (len(features) - 1)


@exercise.mistake("mean_and_covariance", "Rows and columns: the features are the columns, each row is an image.")
def covariance_of_rows(features):
    centred = features - features.mean(dim=1, keepdim=True)
    return features.mean(dim=1), centred @ centred.T / (features.shape[1] - 1)


@exercise.mistake("mean_and_covariance", "Only the variances: how do the features vary together?")
def variances_only(features):
    return features.mean(dim=0), torch.diag(features.var(dim=0))


@exercise.mistake("matrix_root", "This is the root of each entry: does your root times itself give the matrix?")
def entries(a):
    return a.abs().sqrt()


@exercise.mistake("matrix_root", "A root of an eigenvalue just below 0 is NaN: what do those count as?")
def not_clamped(a):
    values, vectors = torch.linalg.eigh(a)
    return (vectors * values.sqrt()) @ vectors.T


@exercise.mistake("matrix_root", "You divide by the size of the matrix: what if it is 0?")
def scaled_to_one(a):
    size = a.norm()
    values, vectors = torch.linalg.eigh(a / size)
    return (vectors * values.clamp(min=0).sqrt()) @ vectors.T * size.sqrt()


@exercise.mistake("matrix_root", "A Cholesky factor times its transpose gives the matrix; is it symmetric?")
def cholesky(a):
    return torch.linalg.cholesky(a + 1e-12 * torch.eye(len(a), dtype=a.dtype))


@exercise.mistake("matrix_root", "The eigenvectors are the columns: is the transpose on the right side?")
def rows_of_vectors(a):
    values, vectors = torch.linalg.eigh(a)
    return (vectors.T * values.clamp(min=0).sqrt()) @ vectors


@exercise.mistake("matrix_root", "Where have the roots of the eigenvalues gone? This is the matrix itself.")
def no_root(a):
    values, vectors = torch.linalg.eigh(a)
    return (vectors * values.clamp(min=0)) @ vectors.T
