"""Wrong implementations that students write, each with the hint for it: rates, critical points, noise (2.9 to 2.11).

Names that are not defined here (torch, other functions of the solution) are the solution's.
"""

from __future__ import annotations

import math

import torch

from autograder.rubric import Variants

variants = Variants()
mutant = variants.mutant

# --- 2.9 learning rates ---


@mutant("lr_decay", "It falls too fast: something is missing around t + 1.")
def decay_no_root(eta, t):
    return eta / (t + 1)


@mutant("lr_decay", "The rate itself goes under your root: eta stands outside.")
def root_of_all(eta, t):
    return math.sqrt(eta / (t + 1))


@mutant("lr_decay", "The first update is t = 0, and has the full rate: are you one step late?")
def decay_late(eta, t):
    return eta / math.sqrt(max(t, 1))


@mutant("lr_decay", "Halving is another schedule: which one is asked for?")
def halves(eta, t):
    return eta * 0.5**t


@mutant("warmup", "With a rate of 0 the first update would be lost: where does the climb start, and where does it end?")
def starts_at_nothing(eta, t, warm):
    return eta * t / warm if t < warm else eta * math.sqrt(warm / (t + 1))


@mutant("warmup", "After the climb it stays at the top: and then?")
def never_decays(eta, t, warm):
    return eta * min(1.0, (t + 1) / warm)


@mutant("warmup", "The climb is right. Afterwards, from which t does the decay count?")
def decay_counts_anew(eta, t, warm):
    return eta * (t + 1) / warm if t < warm else eta / math.sqrt(t - warm + 1)


@mutant("warmup", "There is a jump at the top: compare the last rate of the climb with the first one after it.")
def jump(eta, t, warm):
    return eta * (t + 1) / warm if t < warm else eta / math.sqrt(t + 1)


@mutant("warmup", "It decays from the start: which way does a warm-up go?")
def no_warmup(eta, t, warm):
    return eta / math.sqrt(t + 1)


@mutant("warmup", "The climb goes in equal steps, not along a root.")
def climbs_as_root(eta, t, warm):
    return eta * math.sqrt((t + 1) / warm) if t < warm else eta * math.sqrt(warm / (t + 1))


# --- 2.10 critical points ---


@mutant(
    "two_weights", "The mixed derivative: w2 also stands in front of the bracket, so the product rule has two terms."
)
def product_rule_forgotten(w1, w2, x, y):
    gradient, hessian = weights_right(w1, w2, x, y)
    cross = 2 * w1 * w2 * x**2
    return gradient, torch.stack([torch.stack([hessian[0, 0], cross]), torch.stack([cross, hessian[1, 1]])])


@mutant("two_weights", "Each second derivative holds the square of the other weight: yours holds its own.")
def diagonal_swapped(w1, w2, x, y):
    gradient, hessian = weights_right(w1, w2, x, y)
    return gradient, hessian.flip(0, 1)


@mutant("two_weights", "The inner derivative of -w1 w2 x carries a sign.")
def inner_sign(w1, w2, x, y):
    gradient, hessian = weights_right(w1, w2, x, y)
    return -gradient, hessian


@mutant("two_weights", "This square has no 1/2 in front: where did the 2 go?")
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


@mutant("classify_point", "You look at the diagonal: can a saddle have a positive one?")
def uses_diag(gradient, hessian, tolerance):
    return "not critical" if gradient.norm() > tolerance else by_signs(hessian.diagonal(), tolerance)


@mutant("classify_point", "Is the gradient 0 there at all?")
def ignores_grad(gradient, hessian, tolerance):
    return by_signs(torch.linalg.eigvalsh(hessian), tolerance)


@mutant("classify_point", "One positive eigenvalue is not enough for a minimum.")
def any_pos(gradient, hessian, tolerance):
    kind = kind_right(gradient, hessian, tolerance)
    return "minimum" if kind != "not critical" and torch.linalg.eigvalsh(hessian)[-1] > tolerance else kind


@mutant("classify_point", "More than half is not all: one eigenvalue of the other sign makes a saddle.")
def majority(gradient, hessian, tolerance):
    kind, eigenvalues = kind_right(gradient, hessian, tolerance), torch.linalg.eigvalsh(hessian)
    if kind != "saddle":
        return kind
    up, down = int((eigenvalues > tolerance).sum()), int((eigenvalues < -tolerance).sum())
    return "minimum" if up > down else "maximum" if down > up else "saddle"


@mutant(
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


@mutant("classify_point", "An eigenvalue of 0 leaves it open: what does the loss do along that direction?")
def flat_is_fine(gradient, hessian, tolerance):
    eigenvalues = torch.linalg.eigvalsh(hessian)
    if gradient.norm() > tolerance:
        return "not critical"
    if (eigenvalues > -tolerance).all():
        return "minimum"
    return "maximum" if (eigenvalues < tolerance).all() else "saddle"


@mutant("classify_point", "A gradient of [0.5, -0.5] is not 0: a sum lets entries cancel, a length does not.")
def sums_the_gradient(gradient, hessian, tolerance):
    if gradient.sum().abs() > tolerance:
        return "not critical"
    return by_signs(torch.linalg.eigvalsh(hessian), tolerance)


@mutant("classify_point", "Curving up in all directions: is that the top or the bottom?")
def upside_down(gradient, hessian, tolerance):
    kind = kind_right(gradient, hessian, tolerance)
    return {"minimum": "maximum", "maximum": "minimum"}.get(kind, kind)


@mutant("escape_direction", "That is the steepest way up: which eigenvalue leads down?")
def largest(hessian):
    return torch.linalg.eigh(hessian).eigenvectors[:, -1]


@mutant("escape_direction", "Eigenvectors are the columns of the matrix, not its rows.")
def row(hessian):
    return torch.linalg.eigh(hessian).eigenvectors[0]


@mutant("escape_direction", "The smallest eigenvalue is the most negative one, not the one nearest to 0.")
def nearest_to_zero(hessian):
    values, vectors = torch.linalg.eigh(hessian)
    return vectors[:, values.abs().argmin()]


@mutant("escape_direction", "A direction has length 1: yours carries the eigenvalue.")
def not_of_length_one(hessian):
    values, vectors = torch.linalg.eigh(hessian)
    return vectors[:, 0] * values[0]


@mutant("escape_direction", "Along a single parameter the loss may fall, but not fastest.")
def along_an_axis(hessian):
    return torch.eye(len(hessian), dtype=hessian.dtype)[hessian.diagonal().argmin()]


@mutant("add_dimension", "The new parameter comes last, not first.")
def new_one_first(hessian, coupling, curvature):
    return whole(hessian, coupling, coupling, curvature).roll((1, 1), (0, 1))


@mutant("add_dimension", "A Hessian is symmetric: the coupling stands in a row and in a column.")
def one_sided(hessian, coupling, curvature):
    return whole(hessian, coupling, 0 * coupling, curvature)


@mutant("add_dimension", "The mixed second derivatives are missing: they can tip a minimum over.")
def uncoupled(hessian, coupling, curvature):
    return whole(hessian, 0 * coupling, 0 * coupling, curvature)


def whole(hessian, column, bottom, curvature):
    return torch.cat(
        [torch.cat([hessian, column[:, None]], dim=1), torch.cat([bottom, curvature.reshape(1)])[None]], dim=0
    )


# --- 2.11 noise ---


def some_batches(n, batch_size, count, generator):
    return [torch.randperm(n, generator=generator)[:batch_size] for _ in range(count)]


@mutant("noisy_gradients", "A batch's gradient is the mean of its examples' gradients: yours is the sum.")
def batch_sum(per_example, batch_size, count, generator):
    batches = some_batches(len(per_example), batch_size, count, generator)
    return torch.stack([per_example[batch].sum(dim=0) for batch in batches])


@mutant("noisy_gradients", "The same example can come twice in one batch: even the whole data would be noisy then.")
def with_replacement(per_example, batch_size, count, generator):
    rows = torch.randint(len(per_example), (count, batch_size), generator=generator)
    return per_example[rows].mean(dim=1)


@mutant("noisy_gradients", "One batch, many times: draw each anew.")
def same_batch(per_example, batch_size, count, generator):
    batch = torch.randperm(len(per_example), generator=generator)[:batch_size]
    return per_example[batch].mean(dim=0).expand(count, -1)


@mutant("noisy_gradients", "The first examples are always in the batch: who draws?")
def first_rows(per_example, batch_size, count, generator):
    return per_example[:batch_size].mean(dim=0).expand(count, -1)


@mutant("noisy_gradients", "You divide by the number of all examples; a batch has fewer.")
def divides_by_n(per_example, batch_size, count, generator):
    batches = some_batches(len(per_example), batch_size, count, generator)
    return torch.stack([per_example[batch].sum(dim=0) / len(per_example) for batch in batches])


@mutant("noise_variance", "Drawn without replacement, the whole data has no noise at all: has yours?")
def as_with_replacement(per_example, batch_size):
    return per_example.var(dim=0, unbiased=False) / batch_size


@mutant("noise_variance", "s^2 is divided by N here, not by N - 1.")
def sample_variance(per_example, batch_size):
    n = len(per_example)
    return per_example.var(dim=0) / batch_size * (n - batch_size) / (n - 1)


@mutant("noise_variance", "That is the standard deviation.")
def noise_deviation(per_example, batch_size):
    n = len(per_example)
    return (per_example.var(dim=0, unbiased=False) / batch_size * (n - batch_size) / (n - 1)).sqrt()


@mutant("noise_variance", "Four times the batch, a quarter of the variance: which power of B do you divide by?")
def falls_too_slowly(per_example, batch_size):
    n = len(per_example)
    return per_example.var(dim=0, unbiased=False) / math.sqrt(batch_size) * (n - batch_size) / (n - 1)
