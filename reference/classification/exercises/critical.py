"""2.10 Critical points."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch

from autograder.rubric import (
    AUTOGRAD,
    Draw,
    Exercise,
    MismatchError,
    Reference,
    Student,
    compare,
    expect,
    matches,
    shown,
    tensor_of,
)

from .common import constant, listed

exercise = Exercise(
    "2.10",
    "Critical points",
    owns=("two_weights", "classify_point", "escape_direction", "add_dimension"),
    points=9,
    bans=AUTOGRAD,
)


def bowl(draw: Draw, eigenvalues: Sequence[float]) -> torch.Tensor:
    """A symmetric matrix with these eigenvalues, along random directions."""
    size = len(eigenvalues)
    basis = torch.linalg.qr(draw.normal(size, size).double()).Q
    matrix = basis @ torch.diag(torch.tensor(eigenvalues, dtype=torch.float64)) @ basis.T
    symmetric: torch.Tensor = (matrix + matrix.T) / 2
    return symmetric.to(draw.dtype)


KINDS = ("not critical", "minimum", "maximum", "saddle", "undecided")


def classified_as(student: Student, reference: Reference, *point: Any) -> None:
    """classify_point gives our word, in capitals or not; a word that is none of them is met with those that are."""
    given = student.classify_point(*point)
    word = given.strip().lower() if isinstance(given, str) else ""
    if word not in KINDS:
        words = ", ".join(f'"{kind}"' for kind in KINDS)
        raise MismatchError(f"`classify_point` gives one of {words}; you returned {shown(given)}.")
    right = word == reference.classify_point(*point)
    expect(right, f"`classify_point` in {len(point[0])} dimensions is not right: you answered {word!r}.")


@exercise.cases("two_weights", 0.5, public=True)
def at_the_origin(draw: Draw) -> tuple[torch.Tensor, ...]:
    """For x = y = 1 and w1 = w2 = 0, the gradient is [0, 0] and the Hessian [[0, -2], [-2, 0]]."""
    return tuple(constant(draw, 0.0, 0.0, 1.0, 1.0))


@exercise.check("classify_point", 0.5, public=True)
def saddle_at_the_origin(student: Student, reference: Reference, draw: Draw) -> None:
    """With gradient [0, 0] and Hessian [[0, -2], [-2, 0]], the point is a "saddle"."""
    classified_as(student, reference, *constant(draw, [0.0, 0.0], [[0.0, -2.0], [-2.0, 0.0]]), 1e-3)


@exercise.check("two_weights", 2)
def second_derivatives(student: Student, reference: Reference, draw: Draw) -> None:
    """two_weights gives gradient and Hessian of L = (y - w1 w2 x)^2 at any point, for any x and y."""

    def loss(w: torch.Tensor, x: torch.Tensor, y: torch.Tensor) -> torch.Tensor:
        residual: torch.Tensor = y - w[0] * w[1] * x
        return residual.square()

    for _ in range(3):
        w = draw.normal(2) + 0.1
        x, y = (torch.tensor(draw.number(0.5, 2), dtype=draw.dtype) for _ in range(2))
        gradient, hessian = listed(student.two_weights(w[0], w[1], x, y), "(gradient, hessian)", 2)
        leaf = w.clone().requires_grad_(True)
        compare(gradient, torch.autograd.grad(loss(leaf, x, y), leaf)[0], "the gradient")
        curvature = torch.autograd.functional.hessian(lambda v: loss(v, x, y), w)
        compare(hessian, curvature, "the Hessian")
    far = tuple(constant(draw, 1.1, 1000 / 1.1, 1.0, 1000.0001))  # the residual is a small difference of large numbers
    if draw.dtype is torch.float64:
        gradient, hessian = listed(student.two_weights(*far), "(gradient, hessian)", 2)
        right = reference.two_weights(*far)
        compare(gradient, right[0], "the gradient where the residual is small")
        compare(hessian, right[1], "the Hessian where the residual is small")


@exercise.check("classify_point", 3)
def kinds(student: Student, reference: Reference, draw: Draw) -> None:
    """classify_point looks at the gradient's length, then at all eigenvalues, whatever the tolerance."""

    def up() -> float:
        return draw.number(0.3, 2)

    def down() -> float:
        return -draw.number(0.3, 2)

    tolerance = 1e-3
    cases = [(torch.zeros(size, dtype=draw.dtype), bowl(draw, values)) for size, values in (
        (2, [up(), up()]), (3, [up(), up(), up()]), (2, [down(), down()]), (3, [down(), down(), down()]),
        (2, [up(), down()]), (3, [up(), up(), down()]), (3, [up(), down(), down()]), (4, [up(), up(), up(), down()]),
        (4, [down(), up(), down(), down()]), (4, [up(), up(), down(), down()]),
        (3, [up(), up(), 0.0]), (3, [down(), down(), 0.0]), (3, [up(), down(), 0.0]), (2, [0.0, 0.0]),
    )]  # fmt: skip
    dip = draw.number(0.5, 0.9)  # a saddle whose diagonal is positive
    saddle = constant(draw, [[dip, 1.0, 0.1], [1.0, dip, 0.2], [0.1, 0.2, 2.0]])[0]
    cases.append((torch.zeros(3, dtype=draw.dtype), saddle))
    cases.append((draw.normal(3) + 1, bowl(draw, [up(), up(), up()])))
    cases.append((constant(draw, [0.5, -0.5, 0.0])[0], bowl(draw, [up(), down(), down()])))
    cases.append((draw.normal(3, scale=1e-6), bowl(draw, [up(), up(), up()])))
    for gradient, hessian in cases:
        classified_as(student, reference, gradient, hessian, tolerance)
    level = torch.zeros(2, dtype=draw.dtype)
    for bound in (4.0, 0.5, 0.25):  # powers of 2, which are exact
        inside, beyond = bound * draw.number(0.6, 0.9), bound * draw.number(1.1, 1.3)
        for length in (bound, inside, beyond):  # 0.6 and 0.8 of it: the sum is longer, the largest entry is shorter
            direction = constant(draw, [0.6, -0.8])[0] if length != bound else constant(draw, [0.0, -1.0])[0]
            classified_as(student, reference, length * direction, 3 * bound * torch.eye(2, dtype=draw.dtype), bound)
        for one, other in ((inside, beyond), (-inside, -beyond), (inside, -inside), (-inside, beyond), (bound, beyond),
                           (-beyond, -bound), (beyond, 5 * beyond), (-beyond, -3 * beyond), (beyond, -beyond),
                           (-bound, 2 * bound), (100 * beyond, beyond)):  # fmt: skip
            classified_as(student, reference, level, torch.diag(constant(draw, [one, other])[0]), bound)


@exercise.check("escape_direction", 2)
def way_out(student: Student, reference: Reference, draw: Draw) -> None:
    """escape_direction is an eigenvector of length 1 of the smallest eigenvalue, even where none is below 0."""
    for values in ([1.5, -0.5], [2.0, -0.4, 0.7], [-0.3, 1.0, -2.5, 0.6], [0.5, 1.5, 3.0], [-0.4, -2.0]):
        hessian = bowl(draw, [value * draw.number(0.8, 1.2) for value in values])
        v = tensor_of(student.escape_direction(hessian), (len(values),), "`escape_direction`")
        compare(v.norm().to(draw.dtype), 1.0, "the length of `escape_direction`", 1e-4, 1e-4)
        curve = (v @ hessian.double() @ v).to(draw.dtype)
        compare(curve, torch.linalg.eigvalsh(hessian)[0], "the curvature along `escape_direction`")


@exercise.check("add_dimension", 1)
def one_dimension_more(student: Student, reference: Reference, draw: Draw) -> None:
    """add_dimension puts the new parameter last: a minimum of two or three parameters can become a saddle."""
    for size in (2, 3):
        hessian = bowl(draw, [draw.number(0.5, 2) for _ in range(size)])
        coupling, curvature = draw.normal(size) + 3, torch.tensor(draw.number(0.5, 1), dtype=draw.dtype)
        matches(student, reference, "add_dimension", hessian, coupling, curvature)
    (one,) = constant(draw, [[2.0]])
    matches(student, reference, "add_dimension", one, draw.normal(1), torch.tensor(-1.5, dtype=draw.dtype))


# --- mistakes ---


@exercise.mistake(
    "two_weights", "The mixed derivative: w2 also stands in front of the bracket, so the product rule has two terms."
)
def product_rule_forgotten(w1, w2, x, y):
    gradient, hessian = weights_right(w1, w2, x, y)
    cross = 2 * w1 * w2 * x**2
    return gradient, torch.stack([torch.stack([hessian[0, 0], cross]), torch.stack([cross, hessian[1, 1]])])


@exercise.mistake("two_weights", "Each second derivative holds the square of the other weight: yours holds its own.")
def diagonal_swapped(w1, w2, x, y):
    gradient, hessian = weights_right(w1, w2, x, y)
    return gradient, hessian.flip(0, 1)


@exercise.mistake("two_weights", "The inner derivative of -w1 w2 x carries a sign.")
def inner_sign(w1, w2, x, y):
    gradient, hessian = weights_right(w1, w2, x, y)
    return -gradient, hessian


@exercise.mistake("two_weights", "This square has no 1/2 in front: where did the 2 go?")
def halved(w1, w2, x, y):
    gradient, hessian = weights_right(w1, w2, x, y)
    return gradient / 2, hessian / 2


def weights_right(w1, w2, x, y):
    r = y - w1 * w2 * x
    cross = 2 * w1 * w2 * x**2 - 2 * r * x
    gradient = torch.stack([-2 * r * w2 * x, -2 * r * w1 * x])
    return gradient, torch.stack([torch.stack([2 * w2**2 * x**2, cross]), torch.stack([cross, 2 * w1**2 * x**2])])


def by_signs(eigenvalues, tolerance):
    up, down = (eigenvalues > tolerance), (eigenvalues < -tolerance)
    if up.any() and down.any():
        return "saddle"
    return "minimum" if up.all() else "maximum" if down.all() else "undecided"


def kind_right(gradient, hessian, tolerance):
    if gradient.norm() > tolerance:
        return "not critical"
    return by_signs(torch.linalg.eigvalsh(hessian), tolerance)


@exercise.mistake("classify_point", "You look at the diagonal: can a saddle have a positive one?")
def uses_diag(gradient, hessian, tolerance):
    return "not critical" if gradient.norm() > tolerance else by_signs(hessian.diagonal(), tolerance)


@exercise.mistake("classify_point", "Is the gradient 0 there at all?")
def ignores_grad(gradient, hessian, tolerance):
    return by_signs(torch.linalg.eigvalsh(hessian), tolerance)


@exercise.mistake("classify_point", "One positive eigenvalue is not enough for a minimum.")
def any_pos(gradient, hessian, tolerance):
    kind = kind_right(gradient, hessian, tolerance)
    return "minimum" if kind != "not critical" and torch.linalg.eigvalsh(hessian)[-1] > tolerance else kind


@exercise.mistake("classify_point", "More than half is not all: one eigenvalue of the other sign makes a saddle.")
def majority(gradient, hessian, tolerance):
    kind, eigenvalues = kind_right(gradient, hessian, tolerance), torch.linalg.eigvalsh(hessian)
    if kind != "saddle":
        return kind
    up, down = int((eigenvalues > tolerance).sum()), int((eigenvalues < -tolerance).sum())
    return "minimum" if up > down else "maximum" if down > up else "saddle"


@exercise.mistake(
    "classify_point",
    "The sign of the determinant tells in two dimensions only: what of two negative eigenvalues in three?",
)
def determinant(gradient, hessian, tolerance):
    kind = kind_right(gradient, hessian, tolerance)
    if kind in ("not critical", "undecided"):
        return kind
    if torch.linalg.det(hessian) < 0:
        return "saddle"
    return "minimum" if hessian[0, 0] > 0 else "maximum"


@exercise.mistake("classify_point", "An eigenvalue of 0 leaves it open: what does the loss do along that direction?")
def flat_is_fine(gradient, hessian, tolerance):
    eigenvalues = torch.linalg.eigvalsh(hessian)
    if gradient.norm() > tolerance:
        return "not critical"
    if (eigenvalues > -tolerance).all():
        return "minimum"
    return "maximum" if (eigenvalues < tolerance).all() else "saddle"


@exercise.mistake("classify_point", "A gradient of [0.5, -0.5] is not 0: a sum lets entries cancel, a length does not.")
def sums_the_gradient(gradient, hessian, tolerance):
    if gradient.sum().abs() > tolerance:
        return "not critical"
    return by_signs(torch.linalg.eigvalsh(hessian), tolerance)


@exercise.mistake("classify_point", "Curving up in all directions: is that the top or the bottom?")
def upside_down(gradient, hessian, tolerance):
    kind = kind_right(gradient, hessian, tolerance)
    return {"minimum": "maximum", "maximum": "minimum"}.get(kind, kind)


@exercise.mistake("escape_direction", "That is the steepest way up: which eigenvalue leads down?")
def largest(hessian):
    return torch.linalg.eigh(hessian).eigenvectors[:, -1]


@exercise.mistake("escape_direction", "Eigenvectors are the columns of the matrix, not its rows.")
def row(hessian):
    return torch.linalg.eigh(hessian).eigenvectors[0]


@exercise.mistake("escape_direction", "The smallest eigenvalue is the most negative one, not the one nearest to 0.")
def nearest_to_zero(hessian):
    values, vectors = torch.linalg.eigh(hessian)
    return vectors[:, values.abs().argmin()]


@exercise.mistake("escape_direction", "A direction has length 1: yours carries the eigenvalue.")
def not_of_length_one(hessian):
    values, vectors = torch.linalg.eigh(hessian)
    return vectors[:, 0] * values[0]


@exercise.mistake("escape_direction", "Along a single parameter the loss may fall, but not fastest.")
def along_an_axis(hessian):
    return torch.eye(len(hessian), dtype=hessian.dtype)[hessian.diagonal().argmin()]


@exercise.mistake("add_dimension", "The new parameter comes last, not first.")
def new_one_first(hessian, coupling, curvature):
    return whole(hessian, coupling, coupling, curvature).roll((1, 1), (0, 1))


@exercise.mistake("add_dimension", "A Hessian is symmetric: the coupling stands in a row and in a column.")
def one_sided(hessian, coupling, curvature):
    return whole(hessian, coupling, 0 * coupling, curvature)


@exercise.mistake("add_dimension", "The mixed second derivatives are missing: they can tip a minimum over.")
def uncoupled(hessian, coupling, curvature):
    return whole(hessian, 0 * coupling, 0 * coupling, curvature)


def whole(hessian, column, bottom, curvature):
    return torch.cat(
        [torch.cat([hessian, column[:, None]], dim=1), torch.cat([bottom, curvature.reshape(1)])[None]], dim=0
    )


def _kind(gradient_size, hessian, tolerance, bound=None):
    bound = tolerance if bound is None else bound
    if gradient_size > tolerance:
        return "not critical"
    values = torch.linalg.eigvalsh(hessian)
    up, down = values > bound, values < -bound
    if up.any() and down.any():
        return "saddle"
    return "minimum" if up.all() else "maximum" if down.all() else "undecided"


@exercise.mistake(
    "classify_point", "The length of a vector is the root of the sum of squares, not the sum of absolute values."
)
def sum_for_length(gradient, hessian, tolerance):
    return _kind(gradient.abs().sum(), hessian, tolerance)


@exercise.mistake("classify_point", "The length of a vector is more than its largest entry.")
def largest_for_length(gradient, hessian, tolerance):
    return _kind(gradient.abs().max(), hessian, tolerance)


@exercise.mistake("classify_point", "The length has a root: you compare its square with the tolerance.")
def squared_length(gradient, hessian, tolerance):
    return _kind(gradient.square().sum(), hessian, tolerance)


@exercise.mistake("classify_point", "The tolerance is given: use it for the gradient and for the eigenvalues.")
def own_tolerance(gradient, hessian, tolerance):
    return _kind(gradient.norm(), hessian, 1e-3)


@exercise.mistake("classify_point", "The tolerance is absolute: it does not grow with the eigenvalues.")
def relative_tolerance(gradient, hessian, tolerance):
    return _kind(gradient.norm(), hessian, tolerance, tolerance * torch.linalg.eigvalsh(hessian).abs().max())


@exercise.mistake(
    "escape_direction", "Where no eigenvalue is below 0, the direction of the smallest is still asked for."
)
def none_in_a_bowl(hessian):
    values, vectors = torch.linalg.eigh(hessian)
    return vectors[:, 0] if values[0] < 0 else torch.zeros_like(values)
